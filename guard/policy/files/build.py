"""Compile policy files to the table that the hook loads. Runs in a process of its own; reads YAML."""

import contextlib
import json
import sys

from guard.errors import PolicyFileError
from guard.model.dataclass import replace
from guard.model.hashes import sha256
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.files.compiled import digest_of, keep, read_source
from guard.policy.files.load import load_layer, load_pack
from guard.policy.files.locate import PROFILES, Source, builtin_directory
from guard.policy.files.table import FORMAT, layer_to_json
from guard.policy.rule import PolicyLayer

SEALS = frozenset(("floor-key", "floor-signature"))
BUILT_IN = frozenset(("pack", "profile"))
"""Kinds of sources that become one floor and one profile."""


def main() -> int:
    """Order as one JSON object on standard input; 0 with the table on standard output, 1 with a message.

    It is kept for the next time where that can be done: a full disk makes a policy slow, not unreadable.
    """
    order = json.loads(sys.stdin.buffer.read().decode(errors="surrogateescape"))
    try:
        found = _layers(order["files"], order["digest"])
    except PolicyFileError as error:
        sys.stderr.write(f"{error}\n  help: {error.help}\n")
        return 1
    layers = [layer_to_json(layer) for layer in found]
    table: dict[str, object] = {
        "format": FORMAT,
        "digest": order["digest"],
        "identity": identity_of(layers),
        "layers": layers,
    }
    with contextlib.suppress(OSError):
        keep(order["path"], json.dumps(table))
    json.dump(table, sys.stdout)
    return 0


def identity_of(layers: list[dict[str, Any]]) -> str:
    """SHA-256 of what a policy says: the same for other places, another order of rules, and other comments."""
    said = [_said(layer) for layer in layers]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + sha256(text.encode(errors="surrogatepass")).hexdigest()


def _said(layer: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in layer.items() if name not in {"source", "tests"}}
    for name in ("rules", "exceptions"):
        items = [{k: v for k, v in item.items() if k != "source"} for item in out[name]]
        out[name] = sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    out["profiles"] = [
        {
            **{k: v for k, v in profile.items() if k != "source"},
            "limits": [[name, value] for name, value, _ in profile["limits"]],
        }
        for profile in out["profiles"]
    ]
    if "reviewer" in out:
        out["reviewer"] = {k: v for k, v in out["reviewer"].items() if k != "source"}
    return out


def _layers(files: list[tuple[str, str, str | None, bool]], digest: str) -> list[PolicyLayer]:
    found = [
        Source(
            kind=kind, path=path, content=None if text is None else text.encode("latin-1"), reviewed=reviewed
        )
        for kind, path, text, reviewed in files
    ]
    contents = [(source, read_source(source)) for source in found]
    # Else a file that changes in this moment would be kept as the meaning of what stood there before.
    if digest_of(contents) != digest:
        raise PolicyFileError("a policy file changed while it was read", help_="try again")
    seals = {source.kind: (source, content) for source, content in contents if source.kind in SEALS}
    law = [one for one in contents if one[0].kind not in SEALS]
    layers = read_layers(law)
    return _sealed(layers, law, seals) if seals else layers


def _sealed(
    layers: list[PolicyLayer], law: list[tuple[Source, bytes]], seals: dict[str, tuple[Source, bytes]]
) -> list[PolicyLayer]:
    """With who approved the floor, where its signature says so. Raises PolicyFileError where it is not signed as it must be."""
    from guard.policy.files.signature import verify  # noqa: PLC0415 - only where a floor is signed

    floor, content = next(one for one in law if one[0].kind == "floor")
    (signature, bundle), (key, keys) = seals["floor-signature"], seals["floor-key"]
    found = verify(content, bundle, keys, place=signature.path, key_place=key.path)
    return [
        replace(layer, approved_by=found.approved_by, pr=found.pr) if layer.source == floor.path else layer
        for layer in layers
    ]


def read_layers(contents: list[tuple[Source, bytes]]) -> list[PolicyLayer]:
    """The layers that files are: built-in floor and profile first, then the others in their order. Raises PolicyFileError."""
    built = [one for one in contents if one[0].kind in BUILT_IN]
    rest = [one for one in contents if one[0].kind not in BUILT_IN]
    profiles = read_builtin(built)
    layers = list(next(iter(profiles.values()), ()))
    for source, content in rest:
        layers.append(read_layer(source, content, layers))
    if not profiles:
        return layers
    own = len(next(iter(profiles.values())))
    return [*profiles[chosen_profile(layers[own:], tuple(profiles))], *layers[own:]]


def chosen_profile(layers: list[PolicyLayer], known: tuple[str, ...]) -> str:
    """The strictest of those that are asked for; ``balanced`` when nobody does."""
    wanted = [layer.profile for layer in layers if layer.profile in known]
    return max(wanted, key=PROFILES.index, default="balanced" if "balanced" in known else known[0])


def read_builtin(contents: list[tuple[Source, bytes]]) -> dict[str, tuple[PolicyLayer, ...]]:
    """For the name of each profile the floor and the profile that packs and its own file make up."""
    parts = [load_pack(content, source=source.path) for source, content in contents if source.kind == "pack"]
    floor = PolicyLayer(kind="floor", name="builtin-floor", default=Verdict.ALLOW, source=builtin_directory())
    floor = _united(floor, [part[0] for part in parts])
    below = (floor,) if parts else ()
    rules = [part[1] for part in parts]
    named = frozenset(profile.id for part in rules for profile in part.profiles)
    out: dict[str, tuple[PolicyLayer, ...]] = {}
    for source, content in contents:
        if source.kind == "profile":
            own = load_layer(content, kind="profile", source=source.path, profiles=named)
            out[own.name] = (*below, _united(own, rules))
    return out


def _united(layer: PolicyLayer, parts: list[PolicyLayer]) -> PolicyLayer:
    """One layer of all: the same name in two of them would mean two things."""
    for key in ("zones", "hosts"):
        names = [name for part in (*parts, layer) for name, _ in getattr(part, key)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PolicyFileError(
                f"two packs say what `{twice[0]}` is", place=layer.source, help_="rename one of them"
            )
    return replace(
        layer,
        rules=tuple(rule for part in (*parts, layer) for rule in part.rules),
        zones=tuple(zone for part in (*parts, layer) for zone in part.zones),
        hosts=tuple(group for part in (*parts, layer) for group in part.hosts),
        profiles=tuple(profile for part in (*parts, layer) for profile in part.profiles),
    )


def read_layer(source: Source, content: bytes, above: list[PolicyLayer]) -> PolicyLayer:
    """One that is not built in. ``above``: what it may name profiles of. Raises PolicyFileError."""
    layer = load_layer(content, kind=source.kind, source=source.path, profiles=profiles_above(above))
    return layer if source.reviewed else replace(layer, reviewed=False)


def profiles_above(layers: list[PolicyLayer]) -> frozenset[str]:
    """The profiles that a file may name besides its own: those of the machine's owner that stand before it."""
    return frozenset(
        profile.id for layer in layers if layer.kind not in {"repo", "personal"} for profile in layer.profiles
    )
