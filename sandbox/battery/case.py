"""The cases of the escape battery as values. The cases themselves are data, in ``cases/*.toml``; nothing runs here.

section, title, walls           of a file: its letter, what it is about, and the walls its cases lean on
[[case]]
id, tries                       its number, and in words what it tries
script | python                 the attempt; finds $HOST, $WS, $PORT, $ABSTRACT, $VICTIM (driver.py has the rest)
walls                           it applies where one of these capabilities is claimed
never, says                     text that must not be, and that must be in its output
alone                           it gets a run of its own, or it would disturb others
limits                          as in ``sandbox.spec.Limits``
end                             ``any``, ``exit``, ``limit-or-exit``, or the limit that must have ended it
env                             variables of the caller, for the whole run
stdio                           ``files`` or ``terminal`` of the host instead of a pipe
judged                          what it leaves in its project directory must not be applied unasked: ``held``,
                                ``listed`` (the change set names ``lists``), ``bounded`` (it can be read at all),
                                ``conflict`` (somebody of the host does ``meanwhile`` there between the look at the
                                changes and their application, and then nothing of it is applied)
network                         what it is granted, a run of its own: ``hosts``, and ``loopback`` true for $GRANTED
control                         who does harm with it without walls: ``nobody``, or ``root`` in namespaces of its own
control_script, control_python  the form in which that is proved, when the attempt itself would hit others
no_control                      why it cannot be proved
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

PLACE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
ENDS = ("any", "exit", "limit-or-exit", "wall", "cpu", "memory", "processes", "disk", "inodes", "output")
STDIO = ("pipe", "files", "terminal")
JUDGED = ("", "held", "listed", "bounded", "conflict")
CONTROLS = ("nobody", "root", "")


class BatteryError(Exception):
    """The battery itself is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    hosts: tuple[str, ...] = ()
    loopback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    tries: str
    section: str
    script: str
    is_python: bool
    walls: tuple[str, ...]
    never: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    alone: bool = False
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    end: str = "any"
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    stdio: str = "pipe"
    judged: str = ""
    lists: tuple[str, ...] = ()
    meanwhile: str = ""
    """Shell text for the host, in the project directory."""
    network: Grants | None = None
    control: str = "nobody"
    control_form: str = ""
    """Another script for the proof, in the same language unless ``control_is_python`` says so."""
    control_is_python: bool = False
    no_control: str = ""

    @property
    def by_itself(self) -> bool:
        if self.alone or self.limits or self.network is not None or self.meanwhile:
            return True
        return self.end != "any" or self.stdio != "pipe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    letter: str
    title: str
    cases: tuple[Case, ...]


_OURS = {"section", "is_python", "control_form", "control_is_python"}
_KEYS = ({one.name for one in fields(Case)} - _OURS) | {"python", "control_script", "control_python"}


def load(place: str = PLACE) -> tuple[Section, ...]:
    """Every section in the order of its letter. Raises BatteryError for a case that makes no sense."""
    sections = [
        _section(os.path.join(place, name)) for name in sorted(os.listdir(place)) if name.endswith(".toml")
    ]
    seen: set[str] = set()
    for section in sections:
        for case in section.cases:
            if case.id in seen:
                raise BatteryError(f"two cases are called `{case.id}`")
            seen.add(case.id)
    return tuple(sorted(sections, key=lambda section: section.letter))


def _section(path: str) -> Section:
    with open(path, "rb") as file:
        table = tomllib.load(file)
    walls = tuple(table["walls"])
    cases = tuple(_case(path, table["section"], walls, entry) for entry in table["case"])
    return Section(letter=table["section"], title=table["title"], cases=cases)


def _case(path: str, letter: str, walls: tuple[str, ...], entry: dict[str, Any]) -> Case:
    place = f"{os.path.basename(path)}: {entry.get('id', '?')}"
    if unknown := set(entry) - _KEYS:
        raise BatteryError(f"{place}: unknown keys {', '.join(sorted(unknown))}")
    if ("script" in entry) == ("python" in entry):
        raise BatteryError(f"{place}: one of `script` and `python` is needed")
    values: dict[str, Any] = {"walls": walls, "control": "" if "no_control" in entry else "nobody"}
    for key, value in entry.items():
        if key not in {"script", "python", "control_script", "control_python"}:
            values[key] = tuple(value) if key in {"walls", "never", "says", "lists"} else value
    if "network" in entry:
        given: dict[str, Any] = dict(entry["network"])
        hosts, loopback = tuple(given.pop("hosts", ())), bool(given.pop("loopback", False))
        if given:
            raise BatteryError(f"{place}: `network` knows `hosts` and `loopback` only")
        values["network"] = Grants(hosts=hosts, loopback=loopback)
    form = entry.get("control_python", entry.get("control_script", ""))
    case = Case(
        **values,
        section=letter,
        script=entry.get("python", entry.get("script", "")),
        is_python="python" in entry,
        control_form=form,
        control_is_python="control_python" in entry,
    )
    for name, value, known in (
        ("end", case.end, ENDS),
        ("stdio", case.stdio, STDIO),
        ("judged", case.judged, JUDGED),
        ("control", case.control, CONTROLS),
    ):
        if value not in known:
            raise BatteryError(f"{place}: `{value}` is no value for `{name}`")
    if (case.judged == "conflict") != bool(case.meanwhile):
        raise BatteryError(f"{place}: `conflict` and `meanwhile` go together")
    if bool(case.control) == bool(case.no_control):
        raise BatteryError(f"{place}: either `control` or the reason for `no_control`")
    return case
