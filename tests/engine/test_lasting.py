"""A client that keeps one shell: what a command leaves in it holds for the next ones, and nobody reads those again."""

import pytest

from guard.engine.analyse import again, analyse
from guard.model.dataclass import replace
from guard.model.effect import Opaque
from guard.model.facts import Facts, LookPath, PathFact
from guard.model.paths import FileKind
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal

LINK = "/w/link"
FACTS = Facts(workspace="/w", home="/h", cwd="/w", env={"TOKEN": "x"})

STAYS = (
    "ls() { rm -rf ~; }", "[ -f x ] && ls() { rm -rf ~; }", "x='ls() { :; }'; eval \"$x\"", "function cd { :; }",
    "if true; then ls() { :; }; fi", "while read -r l; do ls() { :; }; done < f", "{ ls() { :; }; }",
    "alias ls='rm -rf ~'", "hash -p /tmp/x ls",
    "export PATH=$PATH:/tmp/x", "PATH=/tmp/x", "read PATH < f", "for HOME in a b; do :; done", "printf -v PATH x",
    "declare -n r=PATH; r=/x", "CDPATH=/etc", "TOKEN=other", "unset TOKEN", "IFS=/", "coproc PATH { cat; }", "wait -p PATH",
    "trap 'cd /etc' DEBUG",
    "cd /etc", "cd ~ && ls", "cd", "cd -", "cd $X", "pushd /etc", "cd ..", "cd src/../..", "cd .git/hooks", "cd src/.guard",
    "if true; then cd src; else cd /etc; fi", "cd link", "cd link/src",
)  # fmt: skip
GONE = (
    "ls", "( ls() { rm -rf ~; } )", "ls() { :; } | cat", "bash -c 'ls() { :; }'", "f() { :; }; unset -f f", "(cd /etc && ls)",
    "(PATH=/x; ls)", "FOO=1", "export FOO=1", "cd src && ls", "cd src; cd ..", "cd /etc; cd /w", "mkdir new && cd new",
    "bash -c 'cd /etc'", "env TOKEN=y ls", "for f in a b; do echo $f; done", "while read -r line; do echo $line; done < f",
)  # fmt: skip


def opaque(command: str, *, lasting: bool) -> list[str]:
    proposal = ShellProposal(principal=Principal(agent="a"), cwd="/w", command=command, lasting=lasting)
    analysed = analyse(proposal, FACTS)
    answers = {look: real(look.path) for look in analysed.lookups if isinstance(look, LookPath)}
    analysed = again(analysed, replace(FACTS, answers=answers), list(answers))
    return [effect.reason for effect in analysed.effects if isinstance(effect, Opaque)]


def real(path: str) -> PathFact:
    place = path.replace(LINK, "/etc") if path.startswith(LINK) else path
    return PathFact(real=place, parent_real=place.rpartition("/")[0], kind=FileKind.DIRECTORY)


@pytest.mark.parametrize("command", STAYS)
def test_what_stays_is_not_understood_any_more(command):
    assert any("the shell that later commands run in" in reason for reason in opaque(command, lasting=True))


@pytest.mark.parametrize("command", GONE)
def test_what_is_gone_with_the_command_is_read_as_ever(command):
    assert opaque(command, lasting=True) == opaque(command, lasting=False)


@pytest.mark.parametrize("command", STAYS)
def test_a_client_with_a_shell_for_each_command_is_told_nothing(command):
    assert not any("later commands" in reason for reason in opaque(command, lasting=False))
