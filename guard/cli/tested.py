"""What ``guard policy test`` found, for a terminal, for JUnit's readers, for programs. Writes nothing itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from guard.cli.output import style, visible
from guard.policy.lint.finding import Finding, Place
from guard.policy.trial.coverage import Coverage
from guard.policy.trial.survivors import Fate, Outcome
from guard.policy.trial.trial import Trial


@dataclass(frozen=True, slots=True)
class Tested:
    """One file. ``cover`` and ``fates``: None where they were not asked for."""

    path: str
    results: tuple[tuple[Trial, str], ...]
    """Each test with what is wrong; empty when it passes."""
    cover: Coverage | None
    fates: tuple[Outcome, ...] | None

    @property
    def failures(self) -> int:
        return sum(bool(problem) for _, problem in self.results)

    def survivors(self) -> list[Outcome]:
        return [one for one in self.fates or () if one.fate is Fate.SURVIVED]

    def below(self, threshold: int | None) -> bool:
        return threshold is not None and self.cover is not None and self.cover.percent < threshold

    def failed(self, threshold: int | None) -> bool:
        return bool(self.failures or self.survivors() or self.below(threshold))


def shown(format_: str, found: list[Tested], unread: list[Finding], threshold: int | None) -> str:
    match format_:
        case "json":
            return json.dumps(_data(found, unread, threshold))
        case "junit":
            return _junit(found, unread, threshold)
        case _:
            return "\n".join(_lines(found, unread, threshold))


# ---------------------------------------------------------------------- a terminal


def _lines(found: list[Tested], unread: list[Finding], threshold: int | None) -> Iterator[str]:
    for one in unread:
        yield f"{_place(one.place)}: {style('unreadable', 'red')}: {visible(one.problem)}"
        if one.help:
            yield f"  help: {visible(one.help)}"
    for tested in found:
        for trial, problem in tested.results:
            if problem:
                yield f"{_place(trial.place)}: {style('failed', 'red')}: {visible(problem)}"
        yield from _mutated(tested)
        if tested.cover is not None:
            for missing in tested.cover.missing:
                yield f"{_place(missing.place)}: {style('untried', 'yellow')}: {visible(missing.what)}"
        yield f"{visible(tested.path)}: {'; '.join(_counts(tested, threshold))}"


def _place(place: Place) -> str:
    return style(visible(place.text()), "bold")


def _counts(tested: Tested, threshold: int | None) -> Iterator[str]:
    number = len(tested.results)
    passed = number - tested.failures
    yield style(f"{passed} of {number} tests pass", "red" if tested.failures else "green")
    cover = tested.cover
    if cover is not None:
        yield (
            f"{cover.percent} % covered: {cover.decided} of {cover.rules} rules decide a test, "
            f"{cover.tried} of {cover.edges} edges of zones are tried"
            + (f", and {threshold} % are asked for" if tested.below(threshold) else "")
        )
    if tested.fates is not None:
        killed = sum(one.fate is Fate.KILLED for one in tested.fates)
        yield f"{killed} of {len(tested.fates)} mistakes are noticed, {len(tested.survivors())} are not"
        same = sum(one.fate is Fate.SAME for one in tested.fates)
        unseen = sum(one.fate is Fate.UNSEEN for one in tested.fates)
        if same:
            yield f"{same} change{'s' if same == 1 else ''} nothing"
        if unseen:
            yield f"{unseen} {'is' if unseen == 1 else 'are'} shown by no single command"


def _mutated(tested: Tested) -> Iterator[str]:
    for one in tested.survivors():
        yield f"{_place(one.mutant.place)}: {style('survived', 'red')}: {visible(one.mutant.change)}, and every test passes"
        yield f"  add: {proposed(one, tested.path)}"


def proposed(one: Outcome, path: str) -> str:
    """A test that notices the mistake, in the form that the file takes."""
    command = json.dumps(one.command, ensure_ascii=True)
    rule = "" if one.rule == "default" or one.rule.startswith("guard-") else one.rule
    if path.endswith("policy.yaml") and "builtin" in path:
        because = f", because = {json.dumps(one.rule)}"
        return f"[[case]] command = {command}, says = {json.dumps(one.expect)}{because}"
    return f"- {{run: {command}, expect: {one.expect}{', rule: ' + rule if rule else ''}}}"


# ---------------------------------------------------------------------- JUnit


def _junit(found: list[Tested], unread: list[Finding], threshold: int | None) -> str:
    """As most CI systems read it: https://github.com/testmoapp/junitxml."""
    root = ET.Element("testsuites", name="guard policy test")
    for one in unread:
        suite = ET.SubElement(root, "testsuite", name=_xml(one.place.file), tests="1", errors="1")
        case = _case(suite, "is read", one.place)
        ET.SubElement(case, "error", message=_xml(one.problem)).text = _xml(one.help)
    for tested in found:
        suite = ET.SubElement(root, "testsuite", name=_xml(tested.path))
        for trial, problem in tested.results:
            case = _case(suite, f"{trial.kind}: {trial.command}", trial.place)
            if problem:
                ET.SubElement(case, "failure", message=_xml(problem))
        for outcome in tested.fates or ():
            case = _case(suite, f"mistake: {outcome.mutant.change}", outcome.mutant.place)
            if outcome.fate is Fate.SURVIVED:
                message = f"no test notices it; add {proposed(outcome, tested.path)}"
                ET.SubElement(case, "failure", message=_xml(message))
        if tested.cover is not None and threshold is not None:
            case = _case(suite, f"coverage of {threshold} %", Place(tested.path))
            if tested.below(threshold):
                untried = "\n".join(_xml(f"{one.place.text()}: {one.what}") for one in tested.cover.missing)
                message = f"{tested.cover.percent} % are covered"
                ET.SubElement(case, "failure", message=message).text = untried
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _case(suite: ET.Element, name: str, place: Place) -> ET.Element:
    given = {"name": _xml(name), "classname": _xml(place.file), "file": _xml(place.file)}
    return ET.SubElement(suite, "testcase", {**given, "line": str(place.line)})


def _xml(text: str) -> str:
    # XML 1.0 has no way at all to hold most control characters.
    return visible(text)


# ---------------------------------------------------------------------- programs


def _data(found: list[Tested], unread: list[Finding], threshold: int | None) -> dict[str, object]:
    return {
        "ok": not unread and not any(one.failed(threshold) for one in found),
        "unreadable": [
            {"place": one.place.text(), "problem": one.problem, "help": one.help} for one in unread
        ],
        "files": [_file(one, threshold) for one in found],
    }


def _file(tested: Tested, threshold: int | None) -> dict[str, object]:
    cover = tested.cover
    return {
        "file": tested.path,
        "tests": len(tested.results),
        "failed": [
            {"place": trial.place.text(), "kind": trial.kind, "command": trial.command, "problem": problem}
            for trial, problem in tested.results
            if problem
        ],
        "coverage": None
        if cover is None
        else {
            "percent": cover.percent,
            "below_threshold": tested.below(threshold),
            "rules": cover.rules,
            "rules_decided": cover.decided,
            "edges": cover.edges,
            "edges_tried": cover.tried,
            "untried": [{"place": one.place.text(), "what": one.what} for one in cover.missing],
        },
        "mistakes": None
        if tested.fates is None
        else {
            **{fate.value: sum(one.fate is fate for one in tested.fates) for fate in Fate},
            "survivors": [
                {
                    "place": one.mutant.place.text(),
                    "change": one.mutant.change,
                    "command": one.command,
                    "expect": one.expect,
                    "rule": one.rule,
                }
                for one in tested.survivors()
            ],
        },
    }
