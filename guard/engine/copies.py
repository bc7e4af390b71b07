"""A copy of a program is that program: what takes its bytes elsewhere is judged as if it started it. Pure.

Otherwise `cp /usr/bin/npx tool; ./tool` is two harmless commands, and one byte appended in between makes the copy a
file that nobody knows.
"""

from guard.effects.place import is_below
from guard.model.effect import Connect, LinkPath, Opaque, ReadPath, ResolvedEffect, RunProgram, WritePath
from guard.model.facts import EVERYTHING_ELSE, Facts


def copies(effects: tuple[ResolvedEffect, ...], facts: Facts) -> tuple[RunProgram, ...]:
    """A start of each forbidden program whose file is read, or given another name, by a command that keeps what it reads."""
    if not facts.forbidden or not any(_keeps(effect) for effect in effects):
        return ()
    out: dict[RunProgram, None] = {}
    for effect in effects:
        match effect:
            case ReadPath(path=path, recursive=deep):
                pass
            case LinkPath(target=path):
                deep = False
            case _:
                continue
        for program in facts.forbidden:
            # What a list does not hold cannot start under another name either.
            if program.name != EVERYTHING_ELSE and any(
                path.real == file or (deep and is_below(file, path.real)) for file in program.files
            ):
                out.setdefault(
                    RunProgram(
                        program=program.name,
                        names=(program.name,),
                        arguments=(f"(its file, for `{effect.program}`)",),
                        span=effect.span,
                        certain=effect.certain,
                    )
                )
    return tuple(out)


def _keeps(effect: ResolvedEffect) -> bool:
    match effect:
        case WritePath() | LinkPath() | Opaque():
            return True
        case Connect(upload=upload):
            return upload
        case _:
            return False
