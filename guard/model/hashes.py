"""SHA-256 and HMAC (RFC 2104) from the interpreter itself: ``hashlib`` loads OpenSSL, a quarter of a bare interpreter start."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256 as sha256  # noqa: PLC0414 - for others
else:
    try:
        from _sha256 import sha256  # CPython 3.11
    except ImportError:
        try:
            from _sha2 import sha256  # CPython 3.12 and later
        except ImportError:
            from hashlib import sha256  # an interpreter built without its own

_BLOCK = 64


def hmac_sha256(key: bytes, message: bytes) -> str:
    """The keyed digest of ``message`` in hexadecimal. For keys of at most 64 bytes, which ours are."""
    if len(key) > _BLOCK:
        raise ValueError("the key is longer than a block of SHA-256")
    padded = key.ljust(_BLOCK, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return sha256(bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()
