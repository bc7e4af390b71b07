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
    "trap 'cd /etc' DEBUG", "trap : EXIT", "{ trap 'rm x' INT; }", "coproc HOME { cat; }", "sleep 1 & wait -n -p TOKEN",
    "declare -n r=PATH", "readonly x=/etc", "declare -r x", "typeset -i n", "declare -gl x", "declare -u x", "if true; then readonly x; fi",
    "set -- /etc", "set /etc", "set a b; shift", "x=/etc; set -- $x", "set -f", "set -o posix", "set +B", "set -P", "set -ek", "set -eo posix", "set -o $X",
    "exec > made", "exec 3< f", "exec 2>&1", "command exec 3>&-", "exec {fd}> made", "{ exec > made; }",
    ". ./env", 'eval "$(cat f)"', "source $X", "export $(cat f)", "read $X < f", "printf -v $X y", "mapfile $X < f",
    "unset $X", "wait -p $X", "shopt -s extglob", "shopt -u dotglob", "enable -n cd", "complete -F f ls", "hash -p $X ls",
    "cd /etc", "cd ~ && ls", "cd", "cd -", "cd $X", "pushd /etc", "cd ..", "cd src/../..", "cd .git/hooks", "cd src/.guard",
    "if true; then cd src; else cd /etc; fi", "cd link", "cd link/src",
)  # fmt: skip
GONE = (
    "ls", "( ls() { rm -rf ~; } )", "ls() { :; } | cat", "bash -c 'ls() { :; }'", "f() { :; }; unset -f f", "(cd /etc && ls)",
    "(PATH=/x; ls)", "FOO=1", "export FOO=1", "cd src && ls", "cd src; cd ..", "cd /etc; cd /w", "mkdir new && cd new",
    "( set -f )", "( exec > made )", "set -eu -o pipefail", "set -euo pipefail", "set -o", "set -x; ls", "exec ls", "bash -c 'readonly x=1; set -k'", "set --", "shift",
    "(readonly x=1)", "export -n FOO", "declare -a list", "declare -x FOO=1", "read -r line < f", "hash -r", "shopt", "(. ./env)",
    "eval 'X=1'", "wait -p own", "coproc own { cat; }", "trap '' INT; ls", "trap - INT", "cat > made", "echo a 2>&1",
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


EVALUATES = ("echo $((x))", "((x++))", "let x+=1", "echo ${a[x]}", "[[ x -gt 1 ]]", "y=x; ((y))", "for ((; x < 3; )); do :; done",
    "((x = x + 1))", "((y = 1, x))", "bash -c 'echo $((x))'")  # fmt: skip
COUNTS = ("for ((i = 0; i < 3; i++)); do echo $i; done", "x=1; ((x++))", "((x = 1))", "((x = 1, y = x))", "echo $((RANDOM % 2))",
    "[[ -v x ]]", "[[ $y == x ]]", "[[ -d x && 1 -gt 2 ]]", "let x=1", "for x in 1 2; do echo $((x)); done", "echo $((TOKEN))")  # fmt: skip


@pytest.mark.parametrize("command", EVALUATES)
def test_what_an_earlier_command_may_have_set_is_not_counted_with(command):
    told = [reason for reason in opaque(command, lasting=True) if "arithmetic on a value" in reason]

    assert told
    assert not any("arithmetic on a value" in reason for reason in opaque(command, lasting=False))


@pytest.mark.parametrize("command", COUNTS)
def test_what_the_command_itself_has_set_is(command):
    assert not any("arithmetic on a value" in reason for reason in opaque(command, lasting=True))


@pytest.mark.parametrize("command", ["cd /etc", "cd $X", "cd", "pushd ~", "cd link"])
def test_where_the_shell_is_need_not_be_asked_where_the_client_says_it(command):
    proposal = ShellProposal(
        principal=Principal(agent="a"), cwd="/w", command=command, lasting=True, directory_told=True
    )

    assert analyse(proposal, FACTS).left == ()


def test_what_nobody_could_follow_leaves_anything():
    proposal = ShellProposal(principal=Principal(agent="a"), cwd="/w", command="ls;" * 800, lasting=True)

    assert analyse(proposal, FACTS).left == ("what nobody has read",)
