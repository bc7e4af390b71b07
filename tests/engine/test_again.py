"""Answering before the question is asked, and asking once, changes nothing about what is decided."""

import pytest

from guard.enforce import facts as gathering
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.engine.analyse import analyse
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal

COMMANDS = (
    "ls -la",
    "git status && make all",
    "cp a.txt b.txt; rm a.txt",
    "echo new > kept.txt",
    "cd sub && ls | head -3",
    "sub && ls; rm -rf sub/*",
    "./run.sh | sort",
    "for f in *.txt; do cat $f; done",
    "nosuchprogram x",
    "sh run.sh",
    "PATH=/tmp ls",
    "sudo -n ls-that-is-not | xargs -0 ./sub/rm-it",
    "if true; then A=1 'cat' kept.txt; else $(which python3.11) x; fi",
    "find . -exec clang-format {} + && (g++ a.cc) 2>&1",
    "echo `hostname` # sudo nobody",
    "cd sub; sudo rm -rf ../a",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_guess_changes_nothing(command, tmp_path, monkeypatch):
    home, work = tmp_path / "home", tmp_path / "home" / "app"
    (work / "sub").mkdir(parents=True)
    (work / "kept.txt").write_text("kept\n")
    (work / "run.sh").write_text("ls sub\n")
    guard = Guard.open(cwd=str(work), home=str(home), places=Places.from_environment(home=str(home)))
    proposal = ShellProposal(principal=Principal(agent="test"), cwd=str(work), command=command)
    quick = guard.decide(proposal)
    monkeypatch.setattr(gathering, "likely", lambda _proposal, _facts: [])
    monkeypatch.setattr(gathering, "again", lambda analysed, facts, _asked: analyse(analysed.proposal, facts))
    thorough = guard.decide(proposal)

    assert quick.decision == thorough.decision
    assert quick.effects == thorough.effects
    assert quick.analysed == thorough.analysed
    assert dict(quick.facts.answers) == dict(thorough.facts.answers)
