"""What a question to an exported Cedar policy looks like: one effect, with its places as the zones they are in. Pure."""

from guard.model.effect import EFFECT_NAMES
from guard.model.typed import Mapping

FILE, WRITE, LINK, CONNECT, BRANCH, PLAIN = "file", "write", "link", "connect", "branch", "plain"
"""Shapes: effects of one of them have the same context, so that one condition can be about all of them."""
_SHAPES: Mapping[str, str] = {
    "fs.read": FILE,
    "fs.delete": FILE,
    "fs.perms": FILE,
    "secrets.read": FILE,
    "guard.tamper": FILE,
    "fs.write": WRITE,
    "fs.link": LINK,
    "net.connect": CONNECT,
    "vcs.publish": BRANCH,
    "vcs.rewrite": BRANCH,
}
_MORE: Mapping[str, str] = {
    FILE: "    path: End,\n",
    WRITE: "    path: End,\n    append: Bool,\n",
    LINK: "    path: End,\n    target: End,\n",
    CONNECT: "    host: Host,\n    upload: Bool,\n    carries: Carried,\n",
    BRANCH: "    branch: Branch,\n",
    PLAIN: "",
}
_TYPES = """  // A path with all that it takes along: the zones that the path itself is in, those that any of it may be in,
  // and the sets of zones (written `a + b`) that surely hold all of it.
  type End = { here: Set<String>, any: Set<String>, all: Set<String>, recursive: Bool, lost: Long };
  // `unknown`: nobody can tell which. `matches`: the policy's patterns that hold it and that `like` cannot say.
  type Host = { name?: String, address?: ipaddr, unknown: Bool, empty: Bool, packageIndex: Bool, matches: Set<String> };
  type Branch = { name?: String, unknown: Bool, matches: Set<String> };
  type Carried = { any: Set<String>, all: Set<String> };
  entity Agent;
  entity Workspace;
"""
_COMMON = """    // Whether a person has said yes, and whether it runs in a sandbox.
    approved: Bool,
    contained: Bool,
    program: String,
    // Every name it goes by, and those that say what it is; with the policy's patterns that hold one of them.
    names: Set<String>,
    trusted: Set<String>,
    certain: Bool,
    observed: Bool,
    surprise: Bool,
    // What no policy can open: whether it surely, or perhaps, reaches the guard's own files or process.
    touchesGuard: Bool,
    mayTouchGuard: Bool,
    // Without it no exception holds.
    today?: datetime,
"""


def shape_of(effect: str) -> str:
    return _SHAPES.get(effect, PLAIN)


def schema() -> str:
    """Of every exported policy: it depends on none."""
    actions = [
        f'  action "{effect}" appliesTo {{ principal: [Agent], resource: [Workspace], context: {{\n'
        f"{_COMMON}{_MORE[shape_of(effect)]}  }} }};\n"
        for effect in EFFECT_NAMES.values()
    ]
    return "".join(["namespace Guard {\n", _TYPES, *actions, "}\n"])
