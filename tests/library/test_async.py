"""``AsyncGuard``: the same, without holding the loop."""

import asyncio

import pytest

from guard import Allow, Ask, AsyncGuard, Deny, GuardError

from .processes import running, until

ASKED = "curl -s https://upload.example/ -o /dev/null"


def test_commands_run_beside_each_other_and_the_loop_goes_on(work):
    async def main():
        guard = AsyncGuard(work)
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        ran = await asyncio.gather(*(guard.run(f"sleep 0.2; echo {n}") for n in range(3)))
        ticking.cancel()
        return [one.stdout for one in ran], ticks

    outputs, ticks = asyncio.run(main())

    assert outputs == [b"0\n", b"1\n", b"2\n"]
    assert ticks > 5


def test_decisions_files_and_answers_are_those_of_the_guard(work, home):
    async def main():
        guard = AsyncGuard(work)
        return (
            await guard.decide("ls"),
            await guard.decide("rm -rf ~"),
            await guard.permit(ASKED),
            await guard.write("b.txt", "b"),
            await guard.edit("b.txt", "b", "c"),
            await guard.read("b.txt"),
        )

    allowed, denied, asked, written, edited, read = asyncio.run(main())

    assert isinstance(allowed, Allow)
    assert isinstance(denied, Deny)
    assert isinstance(asked.decision, Ask)
    assert not asked.permitted
    assert written.done
    assert edited.done
    assert read.content == "c"


@pytest.mark.parametrize(("answer", "runs"), [(True, True), (False, False), ("yes", False), (None, False)])
@pytest.mark.parametrize("coroutine", [True, False])
def test_a_person_is_asked_in_the_loop(work, answer, runs, coroutine):
    async def later(_question):
        await asyncio.sleep(0.05)
        return answer

    async def main():
        guard = AsyncGuard(work, approve=later if coroutine else (lambda _question: answer))
        return await guard.run(ASKED), await guard.permit(ASKED)

    ran, permitted = asyncio.run(main())

    assert ran.permitted is runs
    assert permitted.permitted is runs


def test_who_cannot_answer_has_not_said_yes(work):
    async def broken(_question):
        raise RuntimeError("no window")

    async def main():
        guard = AsyncGuard(work, approve=broken)
        return await guard.run(ASKED), await guard.permit(ASKED)

    ran, permitted = asyncio.run(main())

    assert not ran.permitted
    assert not permitted.permitted


@pytest.mark.sandbox
def test_a_task_that_is_cancelled_ends_its_command(work):
    async def main():
        guard = AsyncGuard(work)
        task = asyncio.create_task(guard.run("make slow"))
        await asyncio.sleep(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await guard.run("echo after")

    assert asyncio.run(main()).stdout == b"after\n"
    until(lambda: not running("987654"))


def test_a_failure_of_the_guard_is_raised_where_it_is_awaited(work, monkeypatch):
    monkeypatch.setattr("guard.library.running._WORKER", "/nonexistent")

    async def main():
        await AsyncGuard(work).run("ls")

    with pytest.raises(GuardError, match="without a report"):
        asyncio.run(main())
