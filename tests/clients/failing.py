"""A hook that fails as it is told, by a word of the call that it is asked about, in front of a real client."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from guard.agents.failures import FAILURES, Does
from guard.cli.clients import CLIENTS, Merged, started
from guard.cli.hook import SAYS_DONE
from guard.probe.model import serving
from tests.clients.sessions import person

HANGS_S = 8
"""Until a hook that hangs is given up: by the line that `guard install` writes, or by a client."""

_STAND_IN = """\
#!/bin/sh
# In the place of the interpreter.
payload=$(cat)
real() { printf '%s' "$payload" | REAL "$@"; }
case $payload in
*fail-crash*) echo 'Traceback (most recent call last)' >&2; exit 1 ;;
*fail-silent*) exit 1 ;;
*fail-status-3*) echo 'something is wrong' >&2; exit 3 ;;
*fail-killed*) kill -9 $$ ;;
*fail-hangs*) exec sleep 300 ;;
*fail-garbage*) echo 'Welcome to the new shell!' ;;
*fail-nothing*) exit 0 ;;
*fail-shell-killed*)
  all=
  one=$PPID
  while read -r name < /proc/$one/comm; do
    case $name in sh | bash | dash | timeout) ;; *) break ;; esac
    all="$one $all"
    one=$(sed 's/.*) [A-Z] //; s/ .*//' /proc/$one/stat)
  done
  kill -9 $all $$ ;;
*fail-policy-broken*)
  mkdir -p "$HOME/.config/guard"
  echo 'dney: [' > "$HOME/.config/guard/personal.yaml"
  real "$@"
  end=$?
  rm "$HOME/.config/guard/personal.yaml"
  exit $end ;;
*fail-disk-full*) ulimit -f 0; real "$@" ;;
*fail-guard-gone*) GUARD_DOOR=/nowhere/door real "$@" ;;
*last-call*) rm "$0"; real "$@" ;;
*) real "$@" ;;
esac
"""


def done_by(agent: str, failures: Iterable[str], *, bare: bool) -> dict[str, Does]:
    """What the client did with the call, for each failure; ``bare``: with a hook that is registered by its name alone."""
    # What is gone stays gone.
    tried = sorted(failures, key=lambda one: one == "missing")
    assert set(tried) <= set(FAILURES)
    unknown = [one for one in tried if one != "missing" and f"*fail-{one}*" not in _STAND_IN]
    assert not unknown, f"nobody has written how a hook fails so: {unknown}"
    names = [
        name
        for one in tried
        for name in (("last-call", f"fail-{one}") if one == "missing" else (f"fail-{one}",))
    ]
    with person() as scene:
        stand_in = scene.home / "bin/python"
        stand_in.parent.mkdir()
        stand_in.write_text(_STAND_IN.replace("REAL", f"'{sys.executable}'"))
        stand_in.chmod(0o755)
        _register(agent, scene.home, str(stand_in), bare=bare)
        with serving([]) as model:
            run = scene.recipe(agent, model).run
            model.script = [run(f"touch {name}") for name in ("no-failure", *names)]
            ended = scene.drive(agent, model)
            told = list(model.results)
        there = {name for name in ("no-failure", *names) if (scene.work / name).exists()}
    assert len(told) == len(names) + 1, (told, ended.stderr)
    assert "no-failure" in there, "the hook lets nothing through at all"
    return {one: "runs" if f"fail-{one}" in there else "denied" for one in tried}


def _register(agent: str, home: Path, python: str, *, bare: bool) -> None:
    client = CLIENTS[agent]
    path = home / client.files["user"]
    words = [python, "-I", "-m", "guard", "hook", agent]
    line = " ".join(words) if bare else started([*words, SAYS_DONE], give_up_s=HANGS_S)
    registered = client.register(str(path), line, "user")
    assert isinstance(registered, Merged)
    settings: dict[str, Any] = {}
    for one in registered.added:
        at = settings
        for key in one.at[:-1]:
            at = at.setdefault(key, {})
        at[one.at[-1]] = [one.element]
        for hook in one.element["hooks"]:
            # Alone, the client gives up; ours is given up before.
            wait = HANGS_S if bare else 4 * HANGS_S
            hook["timeout"] = wait * hook["timeout"] // 60
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
