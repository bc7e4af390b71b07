"""Command lines of services that others run: ``PROGRAM GROUP... VERB NAME...``, told by the words. Knows no single command.

A word that looks ends the search only where it can be nothing but a verb, and where no option before it may have taken it
for its argument. Otherwise one word that changes anything, anywhere, makes it a change; so do words nobody knows.
"""

from guard.effects.call import Call
from guard.effects.knowledge.cloud_words import changes, hands_out, looks, loses
from guard.effects.options import Parsed
from guard.effects.values import Field, plain
from guard.model.effect import Connect, DestroyDatabase, Listen, MutateCloud, PersistEnv

_CERTAIN = frozenset("list ls list-all list_all show get describe search view retrieve whoami".split())
"""Verbs that are no names of groups: what stands after them is looked at."""
_LOOKS_HERE = frozenset(
    "info inspect stats tail ps browse ping rtt sub log-tail diagnostic types metrics ls-remote doctor find-by-name lint report".split()
)
_BARE = frozenset({"me", "use", "serverinfo", "config", "context", "account", "version", "status"})
_FORMATS = frozenset(
    "json yaml yml table text csv tsv wide name names pretty plain template raw markdown md none ndjson jsonl tree id ids compact default".split()
)
_OUTPUTS = frozenset({"-o", "--output", "--out", "-f", "--file", "--output-file", "--output-dir", "-O"})
_INPUTS = frozenset({"-f", "--file", "--from-file", "--input", "--data-file", "--values"})
_SWITCHES = frozenset(
    "--json --debug --verbose -v --quiet -q --no-color --no-input --no-prompt --yes -y --all --local --insecure --plain --live".split()
)
"""Options without an argument."""
_LOCAL = frozenset({"version", "help", "completion", "completions", "docs", "--version", "-v", "-V"})
_PROJECT = frozenset({"dev", "serve", "start", "build", "emulators", "init", "local"})
"""As the first word: what the project says is run on this machine."""
_LOGINS = frozenset({"login", "logout", "auth", "setup", "signin", "signout"})
_DEPLOYS_BARE = frozenset({"vercel", "vc"})
_DRY = frozenset({"--dry-run", "--dryrun", "--check", "--validate-only"})
_REVEALS = (
    "--reveal",
    "--show-secret",
    "--show-token",
    "--show-key",
    "--plaintext",
    "--unmask",
    "--decrypt",
    "--with-secret",
)
_BUILDS = frozenset({"deploy", "publish", "build", "up", "release", "push"})
"""Even as a dry run these do all but send it."""
_LOOKS_OF = {
    "deck": frozenset({"dump", "diff", "validate", "ping", "convert", "render", "lint"}),
    "fly": frozenset({"scale show", "scale list"}),
    "flyctl": frozenset({"scale show", "scale list"}),
    "firebase": frozenset({"firestore:indexes", "ext:info", "appcheck:info"}),
}
"""What of one program looks, though its word changes something elsewhere; one word or two."""
_HANDED_OUT = {
    "heroku": (("config",), ("config:get",), ("pg:credentials",), ("auth:token",)),
    "stripe": (("config",),),
    "supabase": (("projects", "api-keys"),),
    "vercel": (("env", "pull"), ("pull",)),
    "netlify": (("env:get",), ("env:list",)),
    "railway": (("variables",), ("variable",), ("run",)),
    "pscale": (("password",),),
    "neonctl": (("connection-string",), ("cs",)),
}
"""Commands that print what others log in with, though their verb looks."""


_DEPLOYER = frozenset("app env svc job task secret storage pipeline deploy run docs upgrade".split())


def copilot(call: Call, parsed: Parsed) -> None:
    """Two programs have the name: what deploys to a cloud, and an agent that does as it is told in words."""
    words, _ = _words(call, parsed)
    if words and words[0] in _DEPLOYER:
        service(call, parsed)
    elif call.statics != ["--version"]:
        call.opaque("asks a model that can act")


def service(call: Call, parsed: Parsed) -> None:
    """What the words say; a dry run looks."""
    words, sure = _words(call, parsed)
    if words is None:
        call.opaque(f"what `{call.name}` is told to do is not known before it runs")
        call.say(MutateCloud(detail=call.name))
        return
    if call.name in _DEPLOYS_BARE and (
        not words or (len(words) == 1 and not looks(words[0]) and words[0] not in _LOCAL | _PROJECT | _LOGINS)
    ):
        # `vercel`, `vercel DIRECTORY`: without a subcommand it deploys.
        words = ["deploy", *words]
    if not words or words[0] in _LOCAL:
        return
    shown = " ".join([call.name, *words[:4]])
    first = words[0]
    if first in _LOGINS:
        if len(words) > 1 and words[1] in {"status", "whoami", "list", "ls", "show"}:
            call.say(Connect(host="cloud-provider"))
            return
        call.say(Connect(host="cloud-provider", upload=True))
        call.say(PersistEnv(detail=f"credentials of a service: {shown}"))
        return
    local = "--local" in call.statics
    if first == "listen" or (first.partition(":")[0] in _PROJECT and not looks(words[-1].rpartition(":")[2])):
        call.say(Listen())
        call.say(Connect(host="cloud-provider"))
        call.opaque(f"`{shown}` runs what the project says")
        return
    if _hands_out(call, words):
        call.say(Connect(host="cloud-provider"))
        call.secret(f"a secret of a service: {shown}")
        return
    verb = "look" if _looks_of_its_own(call, words) else _verb(words, sure)
    if call.name in _DEPLOYS_BARE and first == "deploy":
        # What stands after it is a directory, `list` too.
        verb = "change"
    if local and verb == "change":
        call.opaque(f"`{shown}` works on what the project keeps on this machine")
        return
    if verb == "look" or (verb != "lose" and _dry(call)):
        if verb != "look" and _BUILDS & set(words):
            call.opaque(f"`{shown}` builds what the project says")
        call.say(Connect(host="cloud-provider"))
        _files(call)
        return
    call.read(*_named(call, _INPUTS))
    call.say(Connect(host="cloud-provider", upload=True))
    call.say(MutateCloud(detail=shown))
    if verb == "lose":
        call.say(DestroyDatabase(detail=f"what a service keeps: {shown}"))


def kafka(call: Call, parsed: Parsed) -> None:
    """``kafka-topics --create``: options say what is done, and to whom."""
    servers = parsed.values("bootstrap-server", "broker-list", "zookeeper", "bootstrap-controller")
    ours = bool(servers) and all((field.static or "?").startswith(_OURS) for field in servers)
    given = {name for name, _ in parsed.options}
    lost = any(name.startswith(("delete", "remove")) for name in given) or "delete" in call.name
    changed = (
        bool(given & {"create", "alter", "add", "add-config", "reset-offsets", "execute", "import"})
        or "producer" in call.name
    )
    if ours:
        call.connect("localhost", upload=changed)
    else:
        call.say(Connect(host="cloud-provider", upload=(lost or changed)))
    if (changed and not ours) or lost:
        call.say(MutateCloud(detail=f"{call.name}: queues of others"))
    if lost:
        call.say(DestroyDatabase(detail="what a queue keeps"))


_OURS = ("localhost:", "127.0.0.1:", "[::1]:")


def _verb(words: list[str], sure: int) -> str:
    """``look``, ``change`` or ``lose``. ``sure``: how many of the words no option can have taken."""
    split = [part for word in words for part in word.split(":")]
    sure += len(split) - len(words) if sure == len(words) else 0
    found = ""
    if len(words) == 1 and len(split) > 1 and split[-1] in _CERTAIN:
        # `build:list`: no option can stand between the two.
        return "look"
    if len(split) == 1 and (
        split[0] in _BARE or (split[0].endswith("s") and not changes(split[0]) and not loses(split[0]))
    ):
        # A group alone lists what is in it: `releases`.
        return "look"
    for at, word in enumerate(split):
        if loses(word):
            return "lose"
        if changes(word) and not (at == 0 and len(split) > 1 and word in {"run", "deploy"}):
            return "change"
        if looks(word) or word in _CERTAIN or word in _LOOKS_HERE:
            found = "look"
            if at < sure and word in _CERTAIN:
                return found
    return found or "change"


def _words(call: Call, parsed: Parsed) -> tuple[list[str] | None, int]:
    """The words, and how many of them stand before any option that may have taken a word for itself."""
    words: list[str] = []
    sure: int | None = None
    valued = {name for name, value in parsed.options if value is not None}
    taken = [field for _, field in parsed.options if field is not None]
    for field in call.args:
        text = field.static
        if text is None:
            if not any(looks(word) or changes(word) or loses(word) for word in words):
                return None, 0
            break
        if text == "--":
            break
        if text.startswith("-") and len(text) > 1:
            known = "=" in text or text in _SWITCHES or text.lstrip("-") in valued
            if not known and sure is None:
                sure = len(words)
        elif not any(field is value for value in taken):
            words.append(text if ":" in text else text.lower())
    return words, len(words) if sure is None else sure


def _hands_out(call: Call, words: list[str]) -> bool:
    return (
        any(tuple(words[: len(path)]) == path for path in _HANDED_OUT.get(call.name, ()))
        or any(hands_out(word) for word in words)
        or any((text or "").startswith(_REVEALS) for text in call.statics)
    )


def _looks_of_its_own(call: Call, words: list[str]) -> bool:
    known = _LOOKS_OF.get(call.name, frozenset[str]())
    if words[0] == "api" and call.name in {"auth0", "netlify"}:
        # `auth0 api [METHOD] PATH`, `netlify api getSite`: data makes it a change.
        rest = words[1:2]
        sends = any((text or "").startswith(("-d", "--data")) for text in call.statics)
        methods = {"post", "put", "patch", "delete"}
        looks_there = bool(rest) and (
            rest[0] not in methods if call.name == "auth0" else rest[0].startswith(("list", "get", "show"))
        )
        return looks_there and not sends
    # Kong's command line has its verbs below a group as well: `deck gateway dump`.
    last = words[1:2] if call.name == "deck" and words[0] in {"gateway", "file"} else words[:1]
    found = " ".join(words[:2]) in known or bool(last and last[0] in known)
    if found and call.name == "deck" and last == ["dump"]:
        call.write(*(_named(call, _OUTPUTS) or [plain("kong.yaml", call.span)]))
    return found


def _dry(call: Call) -> bool:
    return any(text in _DRY for text in call.statics)


def _named(call: Call, names: frozenset[str]) -> list[Field]:
    statics = call.statics
    return [call.args[at + 1] for at, text in enumerate(statics[:-1]) if text in names]


def _files(call: Call) -> None:
    """``-o FILE`` is written, ``-o json`` is a format."""
    for field in _named(call, _OUTPUTS):
        if field.static is None or (field.static.lower() not in _FORMATS and "=" not in field.static):
            call.write(field)
