"""A floor's signature: Ed25519 over a manifest that names its bytes and the people who approved it.

Loads ``cryptography``, an extra: never on the way of a hook. It is verified when the policy is compiled; the compiled
policy is kept under a digest that holds the floor, the signature and the key.
"""

import base64
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from guard.errors import PolicyFileError, UsageError
from guard.model.hashes import sha256
from guard.model.jsons import dumps

MISSING = "the package `cryptography` is not installed"
INSTALL = "run `pip install 'execguard[signing]'`"
_CONTEXT = b"execguard floor 1\n"
"""So that a signature of something else is never one of a floor."""
_END = b"-----END PUBLIC KEY-----"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_Word = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Manifest(_Strict):
    """What is signed."""

    version: Literal[1] = 1
    sha256: _Digest
    """Of the floor's bytes."""
    name: _Word
    approved_by: _Word = ""
    pr: _Word = ""
    signed_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    key: _Digest
    """Of the public key that it is verified with."""

    def signed(self) -> bytes:
        text = dumps(self.model_dump(), compact=True, sort_keys=True, ascii_only=False)
        return _CONTEXT + text.encode()


class Bundle(_Strict):
    """The file beside the floor."""

    manifest: Manifest
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]


def sign(
    content: bytes,
    private: bytes,
    password: bytes | None,
    *,
    name: str,
    approved_by: str,
    pr: str,
    signed_at: str,
) -> Bundle:
    """``private``: PEM. Raises UsageError for what is no Ed25519 key, ValueError for a manifest that is none."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
            Ed25519PrivateKey,
        )
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above
    except ImportError:
        raise UsageError(MISSING, help_=INSTALL) from None
    try:
        key = load_pem_private_key(private, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"the key cannot be read: {error}", help_="make one: `openssl genpkey -algorithm ed25519`"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("it is no Ed25519 key", help_="make one: `openssl genpkey -algorithm ed25519`")
    made = Manifest(
        sha256=_digest(content),
        name=name,
        approved_by=approved_by,
        pr=pr,
        signed_at=signed_at,
        key=_digest(key.public_key().public_bytes_raw()),
    )
    return Bundle(manifest=made, signature=base64.b64encode(key.sign(made.signed())).decode("ascii"))


def verify(content: bytes, bundle: bytes, keys: bytes, *, place: str, key_place: str) -> Manifest:
    """The manifest of a floor that one of ``keys`` (PEM) has signed. Raises PolicyFileError."""
    try:
        found = Bundle.model_validate_json(bundle)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyFileError(
            f"it is no signature: {where}: {first['msg']}", place=place, help_="sign it again"
        ) from None
    raw = _key(keys, found.manifest.key, key_place)
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - as above
    except ImportError:
        raise _missing(place) from None
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(
            base64.b64decode(found.signature), found.manifest.signed()
        )
    except InvalidSignature:
        raise PolicyFileError(
            "the signature is wrong", place=place, help_="find out who changed it, and sign the floor again"
        ) from None
    if found.manifest.sha256 != _digest(content):
        raise PolicyFileError(
            "the floor is another than the one that was signed",
            place=place,
            help_="put back the signed one, or sign this one",
        )
    return found.manifest


def _key(keys: bytes, wanted: str, place: str) -> bytes:
    """Of the public keys in ``keys`` the one with this digest."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - as above
    except ImportError:
        raise _missing(place) from None
    blocks = [block + _END for block in keys.split(_END)[:-1]]
    if not blocks or keys.split(_END)[-1].strip():
        raise PolicyFileError("it holds no public key", place=place, help_="put PEM public keys there")
    for block in blocks:
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise PolicyFileError(
                f"a key in it cannot be read: {error}", place=place, help_="put Ed25519 public keys there"
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise PolicyFileError(
                "a key in it is no Ed25519 key", place=place, help_="put Ed25519 public keys there"
            )
        if _digest(raw := key.public_bytes_raw()) == wanted:
            return raw
    raise PolicyFileError(
        "the floor is signed with another key",
        place=place,
        help_="sign it with the organisation's key, or put that key there",
    )


def _missing(place: str) -> PolicyFileError:
    return PolicyFileError(
        f"signing is configured, and nothing can be verified: {MISSING}", place=place, help_=INSTALL
    )


def _digest(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"
