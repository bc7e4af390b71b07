"""The parts of ``guard explain``: effects by place, values of words, files that were read, look-ups. Text in, lines out."""

import sys
from typing import Any

from guard.audit.canonical import text_of
from guard.cli.output import colours, style, visible
from guard.cli.render import effect_line
from guard.effects.trace import Known, WordNote, place, short
from guard.engine.stages import Decided
from guard.model.decision import Reason
from guard.model.facts import (
    Answer,
    GitFact,
    GitRunsFact,
    GlobFact,
    LookGit,
    LookGitRuns,
    LookGlob,
    LookModule,
    LookPath,
    LookProgram,
    LookScript,
    LookSettings,
    LookTree,
    Lookup,
    ModuleFact,
    PathFact,
    ProgramFact,
    ScriptFact,
    SettingsFact,
    TreeFact,
)
from guard.model.source import Span
from guard.model.typed import Iterable, assert_never

MAX_EFFECTS = 24
MAX_WORDS = 12
MAX_FILES = 8
MAX_LOOKED = 8
_MAX_LINES = 6
_WIDTH = 100
_VALUES = 4


# ---------------------------------------------------------------------- places


def marked(text: str, spans: Iterable[Span]) -> list[str]:
    """The lines of ``text`` in which a span lies, each with what is in one underlined."""
    spans = tuple(spans)
    out: list[str] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        inside = [span for span in spans if span.start < end and span.end > start]
        if inside:
            out += _underlined(line, {at - start for span in inside for at in range(span.start, span.end)})
        start = end + 1
    return out if len(out) <= 2 * _MAX_LINES else [*out[: 2 * _MAX_LINES], "…"]


def _underlined(line: str, at: set[int]) -> list[str]:
    shown = marks = drawn = ""
    for index, char in enumerate(line):
        seen = visible(char)
        if len(shown) + len(seen) > _WIDTH:
            shown, drawn = shown + "…", drawn + "…"
            break
        shown += seen
        marks += ("^" if index in at else " ") * len(seen)
        drawn += style(seen, "underline") if index in at else seen
    return [drawn] if colours(sys.stdout) else [shown, marks.rstrip()]


# ---------------------------------------------------------------------- effects


def effect_lines(decided: Decided, text: str) -> list[str]:
    """Effects under the part of the text that has them, and what each rule said of each."""
    effects = decided.effects[:MAX_EFFECTS]
    by_place: dict[Span | None, list[int]] = {}
    for index, effect in enumerate(effects):
        by_place.setdefault(effect.span if text else None, []).append(index)
    lines: list[str] = []
    told: set[str] = set()
    for span, indexes in by_place.items():
        if span is not None and span.end > span.start:
            where = place(text, span.start)
            shown = marked(text, (span,))
            lines.append(f"  {where:<6}{shown[0]}")
            lines += [f"        {line}" for line in shown[1:]]
        for index in indexes:
            lines += _said(effect_line(effects[index]), decided.decision.reasons, index, told)
    if len(decided.effects) > len(effects):
        lines.append(f"    and {len(decided.effects) - len(effects)} more")
    return lines


def _said(effect: str, reasons: tuple[Reason, ...], index: int, told: set[str]) -> list[str]:
    """Rules that spoke; a layer's default only where nothing else did. Why a rule is there is told once."""
    mine = [reason for reason in reasons if reason.effect == index]
    spoke = [reason for reason in mine if reason.rule != "default"] or mine
    if spoke and all(reason.why in told for reason in spoke):
        short_form = ", ".join(dict.fromkeys(f"{reason.verdict.value} {reason.rule}" for reason in spoke))
        return [f"    {effect}  {style(f'({short_form})', 'dim')}"]
    lines = [f"    {effect}"]
    for reason in spoke:
        why = "" if reason.why in told else f": {visible(reason.why)}"
        told.add(reason.why)
        lines.append(f"      {reason.verdict.value:<5} {reason.layer:<8} {reason.rule}{why}")
    return lines


# ---------------------------------------------------------------------- values


def value_lines(notes: tuple[WordNote, ...], text: str) -> list[str]:
    """Words that do not stand there as they are: what they were taken for, and where that came from."""
    made = [note for note in notes if note.known is not Known.PLAIN]
    plain = len(notes) - len(made)
    if not made:
        return ["  every word stands there as it is"] if notes else []
    lines = [f"  {line}" for line in marked(text, (note.span for note in made if note.inside is None))]
    shown = made[:MAX_WORDS]
    width = max(len(_source(note)) for note in shown)
    for note in shown:
        where = place(text, (note.inside or note.span).start)
        lines.append(f"  {where:<6}{_source(note):<{width}}  {style(value_of(note), *_colour(note))}")
        lines += [f"        {' ' * width}  {visible(origin)}" for origin in note.origins]
        if note.sources:
            lines.append(f"        {' ' * width}  it holds something of {_sources(note)}")
    if len(made) > len(shown):
        lines.append(f"  and {len(made) - len(shown)} more")
    if plain:
        others = "the other word stands" if plain == 1 else f"the other {plain} words stand"
        lines.append(f"  {others} there as {'it is' if plain == 1 else 'they are'}")
    return lines


def _source(note: WordNote) -> str:
    shown = visible(short(note.source))
    return f"{shown} in a text" if note.inside is not None else shown


def _colour(note: WordNote) -> tuple[str, ...]:
    return ("yellow",) if note.known in {Known.UNKNOWN, Known.PREFIX, Known.PATTERN} else ()


def value_of(note: WordNote) -> str:
    """``one of `a`, `b```."""
    values = ", ".join(f"`{visible(value, 60)}`" for value in note.values[:_VALUES])
    if len(note.values) > _VALUES:
        values += f" and {len(note.values) - _VALUES} more"
    match note.known:
        case Known.PLAIN | Known.COMPUTED:
            return values or "nothing"
        case Known.ONE_OF:
            return f"one of {values}"
        case Known.PATTERN:
            return f"whatever matches {values}"
        case Known.PREFIX:
            return f"begins with {values}"
        case Known.UNKNOWN:
            return f"{values}, or anything" if values else "unknown"


def _sources(note: WordNote) -> str:
    shown = [visible(source.replace(":", " ", 1), 60) for source in note.sources[:_VALUES]]
    rest = len(note.sources) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def value_json(note: WordNote) -> dict[str, Any]:
    """As ``docs/schemas/check.schema.json`` says."""
    out: dict[str, Any] = {
        "span": [note.span.start, note.span.end],
        "source": text_of(note.source),
        "known": note.known.value,
        "values": [text_of(value) for value in note.values],
        "origins": [text_of(origin) for origin in note.origins],
    }
    if note.sources:
        out["sources"] = [text_of(source) for source in note.sources]
    if note.inside is not None:
        out["inside"] = [note.inside.start, note.inside.end]
    return out


# ---------------------------------------------------------------------- files


def files_read(decided: Decided) -> dict[str, ScriptFact]:
    """Files whose content the decision looked into, or would have."""
    out: dict[str, ScriptFact] = {}
    for question, answer in decided.facts.answers.items():
        match question, answer:
            case LookScript(path), ScriptFact():
                out[path] = answer
            case LookSettings(), SettingsFact(found=found):
                out.update(found)
            case _:
                pass
    return out


def file_lines(decided: Decided) -> list[str]:
    found = files_read(decided)
    lines = [f"  {visible(path)}  {_file(fact)}" for path, fact in list(found.items())[:MAX_FILES]]
    if len(found) > MAX_FILES:
        lines.append(f"  and {len(found) - MAX_FILES} more")
    return lines


def _file(fact: ScriptFact) -> str:
    if fact.text is None:
        return f"not read: {visible(fact.reason)}"
    return f"read, sha256 {fact.sha256[:12]}"


def file_json(path: str, fact: ScriptFact) -> dict[str, Any]:
    if fact.text is None:
        return {"path": text_of(path), "read": False, "reason": text_of(fact.reason)}
    return {"path": text_of(path), "read": True, "sha256": fact.sha256}


# ---------------------------------------------------------------------- look-ups


def looked_lines(decided: Decided) -> list[str]:
    answers = sorted(
        (
            (question, answer)
            for question, answer in decided.facts.answers.items()
            if not isinstance(question, LookScript | LookSettings)
        ),
        key=lambda pair: _asked(pair[0]),
    )
    lines = [
        f"  {visible(_asked(question), 80)}: {visible(_answered(answer), 120)}"
        for question, answer in answers[:MAX_LOOKED]
    ]
    if len(answers) > MAX_LOOKED:
        lines.append(f"  and {len(answers) - MAX_LOOKED} more: --json")
    return lines


def _asked(question: Lookup) -> str:
    match question:
        case LookPath(path) | LookScript(path):
            return path
        case LookTree(path):
            return f"all of {path}"
        case LookProgram(name, _):
            return f"the program {name}"
        case LookGlob(_, pattern):
            return f"names that match {pattern}"
        case LookGit(path, compare):
            return f"{'changes in ' if compare else ''}the repository around {path}"
        case LookGitRuns(path):
            return f"what git would run in {path}"
        case LookModule(name, directory):
            return f"a module {name} in {directory}"
        case LookSettings(directory, _, _):
            return f"settings in {directory}"
        case _:
            assert_never(question)


def _answered(answer: Answer) -> str:
    match answer:
        case PathFact(error=error) if error:
            return error
        case PathFact(kind=kind, is_link=link, parent_real=here, real=real):
            return f"{kind.value}{f', a link to {real}' if link and real != here else ''}"
        case TreeFact(complete=False, entries=()):
            return "nothing there, or not counted"
        case TreeFact(complete=False, entries=entries):
            return f"more than {len(entries)} entries"
        case TreeFact(files=files, unrecoverable=lost):
            return f"{files} {'file' if files == 1 else 'files'}, of which git has not {lost}"
        case ProgramFact(real=real, system=system):
            return (
                f"{real}{'' if system else ', which an agent can have written'}" if real else "there is none"
            )
        case ScriptFact():
            return _file(answer)
        case GlobFact(matches=matches, complete=complete):
            return f"{len(matches)}{'' if complete else ' and perhaps more'}"
        case GitFact(root=root, branch=branch):
            return f"{root}{f', on {branch}' if branch else ''}" if root else "there is none"
        case GitRunsFact(hooks=hooks, config=config):
            return ", ".join((*hooks, *config)) or "nothing"
        case ModuleFact(found=found):
            return "there" if found else "not there"
        case SettingsFact(found=found):
            return ", ".join(path for path, _ in found) or "none"
        case _:
            assert_never(answer)
