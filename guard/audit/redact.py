"""Taking secrets out of text before it reaches the disk. Each leaves its kind and a keyed tag, never its value.

The tag lets two records be known to hold the same secret; without the key in the state directory it says nothing.
"""

import os

from guard.audit.canonical import raw_of
from guard.faults import Point, reached
from guard.model.hashes import hmac_sha256
from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    from guard.model.typed import Callable

_KEY_BYTES = 32
_TOKENS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # Kind, what a text must hold to be worth the pattern (in lower case), the pattern.
    (
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    ("aws-key", ("akia", "asia"), r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("slack-token", ("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("anthropic-key", ("sk-ant-",), r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("openai-key", ("sk-",), r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}"),
    ("google-key", ("aiza",), r"\bAIza[A-Za-z0-9_-]{35}"),
    ("gitlab-token", ("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("npm-token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}"),
    ("pypi-token", ("pypi-",), r"\bpypi-[A-Za-z0-9_-]{50,}"),
    ("stripe-key", ("k_live_", "k_test_"), r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{20,}"),
    ("jwt", ("eyj",), r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    (
        "private-key",
        ("-----begin ",),
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    ),
)
_VALUES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # The name says that the value is secret: assignments, options, headers, passwords in addresses.
    (
        "assigned",
        ("password", "passwd", "secret", "token", "key", "credential"),
        r"(?i)\b([A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)[A-Z0-9_]*=)([^\s;&|]+)",
    ),
    (
        "option",
        ("-pass", "-token", "-secret", "key", "-auth"),
        r"(?i)(--?(?:password|passwd|pass|token|secret|api-?key|access-?key|auth-?token)[= ])([^\s;&|]+)",
    ),
    (
        "bearer",
        ("authorization", "x-api-key", "private-token", "x-auth-token"),
        r"(?i)\b((?:authorization|x-api-key|private-token|x-auth-token)\s*:\s*(?:bearer|basic|token)?\s*)([^\s'\"]+)",
    ),
    ("url-password", ("://",), r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]+:)([^\s@/]+)(?=@)"),
    ("basic", ("-u", "--user"), r"((?:^|\s)(?:-u|--user)[= ]?['\"]?[^\s:'\"]+:)([^\s'\"]+)"),
)
_NEEDED = {"assigned": "=", "bearer": ":", "url-password": "@", "basic": ":"}
_SECRET_OPTIONS = frozenset(
    "password passwd pass token secret apikey accesskey authtoken secretkey clientsecret".split()
)

_USER_OPTIONS = frozenset(("-u", "--user", "-U", "--proxy-user"))
"""Before ``NAME:PASSWORD``, as curl has it."""


class Redactor:
    """Redacts with one key. Patterns are compiled only for text that may hold something."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, state_dir: str) -> "Redactor":
        """With the key of this user, made on first use. OSError if it can neither be read nor made."""
        path = os.path.join(state_dir, "redact.key")
        try:
            return cls(_read(path))
        except FileNotFoundError:
            pass
        os.makedirs(state_dir, mode=0o700, exist_ok=True)
        from guard.temporary import temporary  # noqa: PLC0415 - once for each user

        early = temporary(path)
        descriptor = os.open(
            early, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            os.write(descriptor, os.urandom(_KEY_BYTES))
        finally:
            os.close(descriptor)
        reached(Point.KEY_WRITTEN)
        try:
            # The first one wins: two processes must not tag with different keys.
            os.link(early, path)
            reached(Point.KEY_PLACED)
        except FileExistsError:
            pass
        finally:
            os.unlink(early)
        return cls(_read(path))

    def redact(self, text: str) -> str:
        """``text`` with every secret that we recognise replaced by ``[secret:KIND:TAG]``."""
        folded = text.lower()
        for table, replaced in ((_TOKENS, self._token), (_VALUES, self._value)):
            for kind, hints, pattern in table:
                # A pattern for values holds a sign that its hints do not: `run-understood` is no `-u NAME:PASSWORD`.
                if any(hint in folded for hint in hints) and _NEEDED.get(kind, "") in text:
                    text = self._replaced(kind, pattern, replaced, text)
        return text

    @staticmethod
    def _replaced(kind: str, pattern: str, replaced: "Callable[[str, re.Match[str]], str]", text: str) -> str:
        import re  # noqa: PLC0415 - most texts hold nothing that is worth a pattern

        return re.sub(pattern, lambda found: replaced(kind, found), text)

    def redact_words(self, words: list[str]) -> list[str]:
        """As :meth:`redact`, for an argument list: the value of ``--password`` is the next word."""
        out: list[str] = []
        secret = user = False
        for word in words:
            name, colon, password = word.partition(":")
            if secret and not word.startswith("$"):
                out.append(self._tag("option", word))
            elif user and colon and password and not password.startswith("$"):
                out.append(f"{name}:{self._tag('basic', password)}")
            else:
                out.append(self.redact(word))
            user = word in _USER_OPTIONS
            secret = word[:1] == "-" and word.lower().strip("-").replace("-", "") in _SECRET_OPTIONS
        return out

    def commitment(self, text: str) -> str:
        """Proves later which text it was, to whoever has the text and the key."""
        mac = hmac_sha256(self._key, raw_of(text))
        return f"hmac-sha256:{mac}"

    def _token(self, kind: str, found: "re.Match[str]") -> str:
        return self._tag(kind, found.group(0))

    def _value(self, kind: str, found: "re.Match[str]") -> str:
        value = found.group(2)
        if value.startswith(("[secret:", "$", "'$", '"$', "`")):
            return found.group(0)
        return found.group(1) + self._tag(kind, value)

    def _tag(self, kind: str, secret: str) -> str:
        mac = hmac_sha256(self._key, raw_of(secret))
        return f"[secret:{kind}:{mac[:8]}]"


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:
        key = file.read(_KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise OSError(5, "the key for redaction is damaged", path)
    return key
