"""Our stand-ins for what the standard library loads too slowly do what the standard library does."""

import hashlib
import hmac
import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.model import jsons
from guard.model.dataclass import dataclass, field, replace
from guard.model.enums import Enum
from guard.model.hashes import hmac_sha256, sha256

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_json_is_written_as_the_standard_library_writes_it(value):
    assert jsons.dumps(value) == json.dumps(value)
    assert jsons.dumps(value, ascii_only=False, compact=True, sort_keys=True) == json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    assert jsons.loads(json.dumps(value)) == value


NOT_JSON = (
    "", " ", "[1,", "[1] x", "\ufeff[]", "nul", "01", "\v1", "'a'", "[1]\f", '{"a":1,}', '"\t"',
    "{bad", "{1:2}", '{"a" 1}', '{"a":}', '{"a":1', "[1 2]", '"\\x"', '"\\u12"', '"open', "[" * 20, '{"a":{"b":[1,}',
)  # fmt: skip


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_not_json_is_refused_in_the_same_words(text):
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as actual:
        jsons.loads(text)

    assert str(actual.value) == str(expected.value)


@pytest.mark.parametrize("text", NOT_JSON)
def test_it_is_refused_where_nobody_has_loaded_json(text):
    # As in a hook: the interpreter's scanner has no error to raise then.
    program = (
        "import sys; from guard.model.jsons import loads\n"
        "assert 'json' not in sys.modules and 'json.decoder' not in sys.modules\n"
        "try: loads(sys.argv[1])\n"
        "except ValueError as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program, text], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("JSONDecodeError\n", "")


@given(st.binary(), st.binary(max_size=64))
def test_digests_are_those_of_hashlib(message, key):
    assert sha256(message).hexdigest() == hashlib.sha256(message).hexdigest()
    assert hmac_sha256(key, message) == hmac.new(key, message, "sha256").hexdigest()


class Colour(Enum):
    """Two, one of them with two names."""

    RED = "r"
    BLUE = "b"
    SKY = "b"

    @property
    def loud(self):
        return self is Colour.RED


def test_an_enum_has_its_members_and_nothing_else():
    assert list(Colour) == [Colour.RED, Colour.BLUE]
    assert Colour("b") is Colour["BLUE"] is Colour.SKY
    assert (Colour.RED.name, Colour.RED.value, Colour.RED.loud, Colour.BLUE.loud) == ("RED", "r", True, False)
    assert repr(Colour.RED) == "<Colour.RED: 'r'>"
    assert pickle.loads(pickle.dumps(Colour.RED)) is Colour.RED
    assert len({Colour.RED, Colour.BLUE, Colour.SKY}) == 2
    with pytest.raises(ValueError, match="'x' is not a valid Colour"):
        Colour("x")
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour([])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    old: int
    made: tuple[int, ...] = ()

    def __post_init__(self):
        if not self.made:
            raise ValueError("nothing was made")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child(_Parent):
    value: str = "v"
    notes: list[str] = field(default_factory=list, compare=False)


def test_a_changed_copy_is_the_same_the_first_time_and_the_hundredth():
    kept = ["n"]
    start = _Child(old=1, made=(1,), notes=kept)
    for number in range(100):
        copy = replace(start, old=number, value="w")

        assert (copy.old, copy.made, copy.value) == (number, (1,), "w")
        assert copy.notes is kept
        assert copy == _Child(old=number, made=(1,), value="w")
        assert replace(copy) == copy
        assert start == _Child(old=1, made=(1,))
        with pytest.raises(TypeError):
            replace(start, new=1)
        with pytest.raises(ValueError, match="nothing was made"):
            replace(start, made=())


def test_a_class_that_fills_its_own_fields_is_refused():
    with pytest.raises(TypeError, match="fills its own fields"):

        @dataclass(frozen=True)
        class _Own:
            number: int

            def __init__(self):
                self.number = 1
