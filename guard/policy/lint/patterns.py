"""Patterns of a file's own zones that hold less than they seem to, nothing at all, or what others hold. Pure."""

from guard.model.typed import Iterator
from guard.policy.lint.document import Document, Path
from guard.policy.lint.finding import Finding, finding
from guard.policy.match import ZoneMap, expand_braces

DEEP = 10
"""Patterns with `**` before a name that a comparison of two policies can still tell apart."""
COMPARED = 200
"""Of one list, each with each; of a longer one only those that stand there twice are found."""
_NOBODYS = "qzxj"
"""A name that nobody writes: what a wildcard is tried with."""
Listed = tuple[tuple[Path, str], ...]


def patterns(document: Document) -> Iterator[Finding]:
    deep: list[Path] = []
    for name, given in document.layer.zones:
        listed: Listed = tuple((("zones", name, number), pattern) for number, pattern in enumerate(given))
        whole = ZoneMap({"it": given})
        for path, pattern in listed:
            spelled = _spelled(document, path, pattern)
            yield from spelled
            if not spelled:
                yield from _root(document, path, pattern, whole)
        yield from _inside(document, listed, name)
        deep += [path for path, pattern in listed if _is_deep(pattern)]
    if len(deep) > DEEP:
        yield finding(
            "GP034",
            document.at(deep[DEEP]),
            f"{len(deep)} patterns have `**` before a name, and more than {DEEP} can make a comparison impossible",
        )


def _is_deep(pattern: str) -> bool:
    parts = pattern.rstrip("/").split("/")
    return "**" in parts[:-1] and any(part != "**" for part in parts[parts.index("**") :])


def _spelled(document: Document, path: Path, pattern: str) -> list[Finding]:
    parts = pattern.split("/")
    if any(part in {"", "."} for part in (*parts[1:-1], *(parts[-1:] if parts[-1] == "." else []))):
        return [
            finding(
                "GP032",
                document.at(path),
                f"`{pattern}` holds an empty name or `.`, which no real path does",
                "write each `/` once, and no `.`",
            )
        ]
    for part in parts:
        if "**" in part and part != "**":
            return [
                finding(
                    "GP031",
                    document.at(path),
                    f"`**` in `{part}` stands beside other characters, so it stays within that name",
                    f"write `{_apart(pattern)}` if all directories below are meant, or one `*`",
                )
            ]
        if "[" in part or "]" in part:
            return [
                finding(
                    "GP031",
                    document.at(path),
                    f"the brackets in `{part}` are read as they stand: no set of characters is meant",
                    "write alternatives in braces, such as `{a,b}`",
                )
            ]
    return []


def _apart(pattern: str) -> str:
    parts: list[str] = []
    for part in pattern.split("/"):
        head, stars, tail = part.partition("**")
        if not stars or part == "**":
            parts.append(part)
        elif not tail:
            parts += [head, "**"]
        else:
            parts += ["**", f"{head}*{tail}"]
    return "/".join(parts)


def _root(document: Document, path: Path, pattern: str, zone: ZoneMap) -> Iterator[Finding]:
    """What a zone does not hold of the directory that its pattern is about."""
    if pattern.endswith("/"):
        bare = pattern.rstrip("/")
        if bare and not _holds(zone, f"{_sample(bare)}/{_NOBODYS}"):
            yield finding(
                "GP030",
                document.at(path),
                f"`{pattern}` holds the directory itself and nothing of what lies in it",
                f"write `{bare}/**`",
            )
        return
    parent, _, last = pattern.rpartition("/")
    if last == "**" and parent.endswith("/*"):
        parent, last = parent.rpartition("/")[0], "*/**"
    if last not in {"*", "*/**"} or ("/" not in parent and parent in {"$W", "$H", "$T", ""}):
        return
    for single in expand_braces(parent):
        directory = _sample(single)
        missing = [] if _holds(zone, directory) else [f"the directory `{single}` itself"]
        if last == "*" and not _holds(zone, f"{directory}/{_NOBODYS}/{_NOBODYS}"):
            missing.append("what lies deeper in it")
        if missing:
            yield finding(
                "GP030",
                document.at(path),
                f"`{pattern}` does not hold {' nor '.join(missing)}",
                f"write `{parent}/**`",
            )
            return


def _sample(pattern: str) -> str:
    return "/".join(
        part.replace("**", "*").replace("*", _NOBODYS).replace("?", "q") for part in pattern.split("/")
    )


def _holds(zone: ZoneMap, place: str) -> bool:
    return bool(zone.membership(place).inside)


def _inside(document: Document, listed: Listed, zone: str) -> Iterator[Finding]:
    if len(listed) > COMPARED:
        yield from twice(document, listed)
        return
    maps = [(pattern, ZoneMap({"it": (pattern,)})) for _, pattern in listed]
    gone: set[int] = set()
    for number, (path, pattern) in enumerate(listed):
        samples = _samples(pattern)
        for other, (wider, held) in enumerate(maps):
            if other != number and other not in gone and all(_holds(held, sample) for sample in samples):
                gone.add(number)
                yield finding(
                    "GP033",
                    document.at(path),
                    f"`{pattern}` of the zone `{zone}` "
                    + (
                        "stands there twice"
                        if pattern == wider
                        else f"holds nothing that `{wider}` does not hold"
                    ),
                )
                break


def twice(document: Document, listed: Listed) -> Iterator[Finding]:
    """What stands in a list more than once, at its second place and every further one."""
    seen: set[str] = set()
    for path, text in listed:
        if text in seen:
            yield finding("GP033", document.at(path), f"`{text}` stands there twice")
        seen.add(text)


def _samples(pattern: str) -> list[str]:
    """Places for each way in which the pattern can be met: whatever holds all of them holds all that it holds."""
    out: list[str] = []
    for single in expand_braces(pattern):
        found: list[list[str]] = [[]]
        for part in single.rstrip("/").split("/"):
            if part == "**":
                choices = [[], [_NOBODYS], [_NOBODYS, f".{_NOBODYS}"]]
            elif "*" in part or "?" in part:
                plain = part.replace("?", "q")
                choices = [[plain.replace("*", _NOBODYS)], [plain.replace("*", f"{_NOBODYS}.{_NOBODYS}")]]
                if plain.strip("*"):
                    choices.append([plain.replace("*", "")])
            else:
                choices = [[part]]
            found = [one + more for one in found for more in choices][:200]
        out += ["/".join(one) for one in found]
    return out
