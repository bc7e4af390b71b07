"""Whatever the text: an answer, spans inside it, nothing unread lost, and the canonical text is the same tree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.shell.ast import Unread
from guard.shell.emit import emit
from guard.shell.parse import MAX_CHARACTERS, parse
from guard.shell.walk import nodes, same, unread

TOKENS = st.sampled_from(
    "a b 'q r' \"$x\" $y ${z} ${z:-w} $( ) ` (( )) $(( [[ ]] { } ( ) ; ;; & && | || |& < > >> << <<E \nE\n <<< <( >& 2> "
    "if then elif else fi while do done for in case esac select function coproc time ! ~ * ? [ ] {a,b} {1..3} = += x= a=( "
    "f() # \\ $' \" ' == =~ -f".split(" ")
)
SHELLISH = st.lists(st.one_of(TOKENS, st.sampled_from([" ", "\n", "\t"])), max_size=25).map(" ".join)
TEXTS = st.one_of(st.text(max_size=80), SHELLISH, st.text("ab$`'\"\\(){}[]<>|&;#!~=*? \n", max_size=40))


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_any_text_has_a_tree_whose_spans_lie_in_it_and_nothing_unread_is_lost(text: str) -> None:
    found = list(nodes(script := parse(text)))
    spans = [node.span for node in found if hasattr(node, "span")]
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
    assert [node for node in found if isinstance(node, Unread)] == list(unread(script))


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_what_was_read_has_a_canonical_text_with_the_same_tree(text: str) -> None:
    script = parse(text)
    if not unread(script):
        again = parse(emit(script))
        assert same(again, script)
        assert emit(again) == emit(script)


@given(
    st.sampled_from(["$(", "((", "(", "{ ", "${x:-", "[[ (", "<(", "if ", "{a,"]),
    st.integers(50, 5000),
)
def test_deep_nesting_is_answered_and_not_followed(opening: str, times: int) -> None:
    assert unread(parse((opening * times)[:MAX_CHARACTERS]))


def test_text_over_the_limit_is_one_unread() -> None:
    assert len(unread(parse("a " * MAX_CHARACTERS))) == 1
