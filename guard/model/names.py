"""One spelling for all names that some disk takes for the same file. Pure text: looks at nothing.

Disks fold case (NTFS, APFS, ext4 with ``casefold``), compose or ignore code points (HFS+), drop dots and spaces at the
end and cut at a colon (NTFS), and give long names short ones (``GIT~1``). A guard that compares names as bytes is got
round by each of these, so what is protected is compared in this spelling, on every disk: too much is better than less.
"""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_$@%#!&()")
_INVISIBLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Default_Ignorable_Code_Point of Unicode: HFS+ and ext4 with ``casefold`` compare names without them."""


def folded(path: str) -> str:
    """``path`` as the most forgiving disk reads it. A root token at its beginning (``$W``) stays as it is."""
    root, rest = (path[:2], path[2:]) if path.startswith("$") else ("", path)
    if not rest.isascii():
        rest = _unmarked(rest)
    rest = rest.lower()
    if "\\" in rest:
        rest = rest.replace("\\", "/")
    if ":" in rest or "./" in rest or " /" in rest or rest.endswith((".", " ")):
        rest = "/".join(_trimmed(part) for part in rest.split("/"))
    return root + rest


def _unmarked(text: str) -> str:
    import unicodedata  # noqa: PLC0415 - few names are not ASCII

    shown = "".join(
        char for char in text if not any(first <= ord(char) <= last for first, last in _INVISIBLE)
    )
    for _ in range(2):
        # Upper case in between: a dotless i has the capital of the dotted one.
        shown = unicodedata.normalize("NFKD", shown).casefold().upper().casefold()
    return shown.replace("\u0307", "")


def _trimmed(part: str) -> str:
    """Without a stream's name (``x::$DATA``) and what NTFS drops at the end."""
    return part.partition(":")[0].rstrip(". ") or part


def may_be_short_for(short: str, name: str) -> bool:
    """Whether ``short`` (folded, holds a ``~``) can be the 8.3 name that a disk has given to ``name`` (folded)."""
    stem, _, ending = short.partition("~")
    number, _, extension = ending.partition(".")
    if not number.isdigit() or not 1 <= len(stem) <= 6:
        return False
    plain, kind = short_parts(name)
    if kind != extension:
        return False
    if stem == plain:
        return True
    # After four of a kind, NTFS keeps two letters and adds four digits of a hash.
    return len(stem) == 6 and stem[:2] == plain[:2] and all(char in "0123456789abcdef" for char in stem[2:])


def short_parts(name: str) -> tuple[str, str]:
    """What stands before the ``~`` of the first 8.3 name that a disk gives to ``name`` (folded), and its ending."""
    base, _, kind = (
        name.lstrip(".").rpartition(".") if "." in name.lstrip(".") else (name.lstrip("."), "", "")
    )
    plain = "".join(char if char in _PLAIN else "_" for char in base.replace(".", "").replace(" ", ""))
    return plain[:6], kind[:3]
