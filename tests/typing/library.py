"""What a program with a type checker sees of the library. Checked by mypy and pyright, never run."""

from typing import assert_type

from guard import (
    Allow,
    Answer,
    Ask,
    AsyncGuard,
    Decision,
    Deny,
    Edit,
    Fetch,
    FileDone,
    Guard,
    Question,
    Ran,
    Read,
    Shell,
    Tool,
    Write,
)


def person(question: Question) -> bool:
    assert_type(question.text, str)
    return False


async def person_later(question: Question) -> bool:
    return bool(question.effects)


def plain() -> str:
    guard = Guard("/work", approve=person, agent="mine", level="contained", backends=("local",))
    decision = guard.decide("ls")
    assert_type(decision, Allow | Ask | Deny)
    match decision:
        case Allow():
            pass
        case Ask(reasons=reasons) | Deny(reasons=reasons):
            assert_type(reasons[0].why, str)
    for call in (
        Shell("ls"),
        Write("a", "b"),
        Edit("a", "b", "c"),
        Read("a"),
        Fetch("https://x"),
        Tool("t", {"a": 1}),
    ):
        assert_type(guard.permit(call), Answer)
    ran = guard.run("make", timeout_s=3.0, given=b"")
    assert_type(ran, Ran)
    assert_type(ran.status, int | None)
    assert_type(ran.stdout, bytes)
    assert_type(guard.read("a"), FileDone)
    return ran.text


async def later() -> None:
    guard = AsyncGuard(approve=person_later)
    assert_type(await guard.decide("ls"), Decision)
    assert_type(await guard.run("ls"), Ran)
    assert_type(await guard.write("a", "b"), FileDone)
    AsyncGuard(approve=person)
