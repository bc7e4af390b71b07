"""One policy file as a linter sees it: what it means, and where each part of it stands. Pure."""

from guard.model.dataclass import dataclass
from guard.model.typed import Callable, Iterable, Iterator
from guard.policy.lint.finding import Place
from guard.policy.rule import PolicyException, PolicyLayer, Rule

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    layer: PolicyLayer
    """Its zones, host groups, profiles, exceptions and tests."""
    at: Callable[[Path], Place]
    """The place of a value by its keys, or of the innermost around it that stands anywhere."""
    lists: tuple[tuple[str, tuple[Rule, ...]], ...]
    """The rules by the key of the list that they stand in: a pack has two."""

    def rules(self) -> Iterator[tuple[Path, Rule]]:
        for key, rules in self.lists:
            for index, rule in enumerate(rules):
                yield (key, index), rule

    def exceptions(self) -> Iterator[tuple[Path, PolicyException]]:
        for index, exception in enumerate(self.layer.exceptions):
            yield ("exceptions", index), exception

    def said(self) -> Iterator[tuple[Path, Rule | PolicyException]]:
        yield from self.rules()
        yield from self.exceptions()

    def names(self, keys: Iterable[str]) -> Iterator[tuple[Path, str]]:
        """Every word under these keys of rules and exceptions, with its place."""
        for path, said in self.said():
            for key in keys:
                for number, name in enumerate(getattr(said, key, ())):
                    yield (*path, key, number), name
