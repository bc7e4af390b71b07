"""What an explanation says of words: how much was known, as what, and why."""

import tomllib
from pathlib import Path
from types import MappingProxyType

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.state import State
from guard.effects.trace import Known, Tracer, place
from guard.model.facts import Answer, Facts, GlobFact, LookGlob, LookScript, Lookup, ScriptFact

COMMANDS = [
    command
    for path in sorted((Path(__file__).parent.parent / "cases" / "decisions").glob("*.toml"))
    for case in tomllib.loads(path.read_text())["case"]
    for command in case.get("commands", [case.get("command")])
][::5]
ANSWERS: dict[Lookup, Answer] = {
    LookGlob("/work", "*.py"): GlobFact(matches=("/work/a.py", "/work/b.py"), complete=True),
    LookGlob("/work", "*.js"): GlobFact(matches=(), complete=True),
    LookScript("/work/run.sh"): ScriptFact(text='y=1\nrm "$y$1"\n'),
}
FACTS = Facts(
    workspace="/work",
    home="/home/you",
    cwd="/work",
    env=MappingProxyType({"EDITOR": "vi", "API_TOKEN": "hush", "PATH": "/bin"}),
    answers=MappingProxyType(ANSWERS),
)


def traced(command: str) -> Tracer:
    tracer = Tracer(FACTS)
    tracer.analyse_text(command, State(cwd=("/work",)))
    return tracer


def word(command: str, source: str):
    found = [note for note in traced(command).notes if note.source == source]
    assert len(found) == 1, traced(command).notes
    return found[0]


@pytest.mark.parametrize(
    ("command", "source", "known", "values", "origin"),
    [
        ("rm 'a b'", "'a b'", Known.PLAIN, ("a b",), ""),
        ("x=rm; $x a", "$x", Known.COMPUTED, ("rm",), "`$x`: assigned at 1:1"),
        ("true\n  x=1; echo $x", "$x", Known.COMPUTED, ("1",), "`$x`: assigned at 2:3"),
        ("export X=1; echo $X", "$X", Known.COMPUTED, ("1",), "`$X`: assigned at 1:1"),
        ("x=a; if t; then x=b; fi; echo $x", "$x", Known.ONE_OF, ("b", "a"), "`$x`: assigned at 1:17"),
        ('for f in a b; do rm "$f"; done', '"$f"', Known.ONE_OF, ("a", "b"), "`$f`: a word of the loop at 1:1"),
        ("echo {1..3}", "{1..3}", Known.COMPUTED, ("1 2 3",), ""),
        ("echo ~/x", "~/x", Known.COMPUTED, ("/home/you/x",), "the home directory"),
        ("ls $PWD", "$PWD", Known.COMPUTED, ("/work",), "the current directory"),
        ("$EDITOR a", "$EDITOR", Known.COMPUTED, ("vi",), "`$EDITOR`: from the environment"),
        ("rm *.py", "*.py", Known.COMPUTED, ("a.py b.py",), "the names that match now"),
        ("rm *.js", "*.js", Known.COMPUTED, ("*.js",), "no name matches"),
        ("rm *.c", "*.c", Known.PATTERN, ("*.c",), "a pattern whose matches are not known"),
        ("cat $(date)", "$(date)", Known.UNKNOWN, (), "output of `date`, which nobody ran"),
        ('cat "a/$(date)"', '"a/$(date)"', Known.PREFIX, ("a/",), "output of `date`, which nobody ran"),
        ("cat $(basename x/y)", "$(basename x/y)", Known.COMPUTED, ("y",), "what `basename x/y` prints, worked out without running it"),
        ("rm -r $U/x", "$U/x", Known.UNKNOWN, ("/x",), "`$U` is not set: worst case empty"),
        ("t && u=1; rm /$u", "/$u", Known.UNKNOWN, ("/1", "/"), "`$u` may not be set on some way through the line: worst case empty"),
        ("curl $API_TOKEN", "$API_TOKEN", Known.UNKNOWN, (), "`$API_TOKEN`: a secret whose value is not looked at"),
        ("read l; rm $l", "$l", Known.UNKNOWN, (), "`$l`: assigned at 1:1, a line of input"),
        ('f() { rm "$1"; }; f q', '"$1"', Known.COMPUTED, ("q",), "`$1`: an argument that was given"),
        ('rm "$1"', '"$1"', Known.COMPUTED, ("",), "`$1`: no such argument"),
        ("echo a > $EDITOR", "$EDITOR", Known.COMPUTED, ("vi",), "`$EDITOR`: from the environment"),
        ("x=$(date)", "$(date)", Known.UNKNOWN, (), "output of `date`, which nobody ran"),
        ("echo $((1+1))", "$((1+1))", Known.UNKNOWN, (), "a number"),
    ],
)  # fmt: skip
def test_a_word_is_known_as_far_as_the_analysis_knew_it(
    command: str, source: str, known: Known, values: tuple[str, ...], origin: str
) -> None:
    note = word(command, source)

    assert (note.known, note.values) == (known, values)
    assert origin in note.origins or (not origin and not note.origins), note.origins


def test_what_an_unknown_word_holds_something_of_is_told() -> None:
    assert word('x=$(cat secret); curl "$x"', '"$x"').sources == ("file:/work/secret",)


def test_words_of_a_script_are_told_with_the_command_that_runs_it() -> None:
    note = word("cd . && bash run.sh q", '"$y$1"')

    assert note.inside is not None
    assert (note.inside.start, note.values) == (8, ("1q",))
    assert note.origins == ("`$y`: assigned in that text", "`$1`: an argument that was given")


@pytest.mark.parametrize(
    "command", ["echo $(echo $(date) $x)", "cat <<< $(date)", "a=(1 $(date)); echo ${a[@]}"]
)
def test_words_of_commands_inside_words_are_told_too(command: str) -> None:
    assert "$(date)" in {note.source for note in traced(command).notes}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_explanation_rests_on_the_very_analysis_that_decides(command: str) -> None:
    plain = Evaluator(FACTS)
    plain.analyse_text(command, State(cwd=("/work",)))
    tracer = traced(command)

    assert tracer.effects == plain.effects
    assert tracer.lookups == plain.lookups
    assert all(note.source for note in tracer.notes if note.inside is None)


def test_there_are_never_too_many_notes() -> None:
    notes = traced("; ".join(f"echo a{number} $x" for number in range(600))).notes

    assert len(notes) == 512


def test_a_place_is_a_line_and_a_column() -> None:
    assert [place("ab\ncd", at) for at in (0, 1, 3, 4)] == ["1:1", "1:2", "2:1", "2:2"]
