from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from nb2svc.runtime import strands

colour: ContextVar[str] = ContextVar("colour", default="none")


async def later(value):
    await asyncio.sleep(0)
    return value


def run(function, *arguments, **options):
    async def main():
        return await strands.run(function, *arguments, **options)

    return asyncio.run(main())


def test_sync_code_waits_for_what_is_awaited() -> None:
    def work(first):
        assert strands.waits()
        return first, strands.wait(later("second")), strands.wait(later("third"))

    assert run(work, "first") == ("first", "second", "third")
    assert not strands.waits()


def test_others_go_on_meanwhile() -> None:
    order = []

    def work(name):
        order.append(f"{name} begins")
        strands.wait(later(None))
        order.append(f"{name} ends")

    async def main():
        await asyncio.gather(*(strands.run(work, name) for name in "ab"))

    asyncio.run(main())
    assert order == ["a begins", "b begins", "a ends", "b ends"]


def test_errors_go_both_ways() -> None:
    async def fail():
        await asyncio.sleep(0)
        raise KeyError("awaited")

    def work():
        with pytest.raises(KeyError, match="awaited"):
            strands.wait(fail())
        raise LookupError("own")

    with pytest.raises(LookupError, match="own"):
        run(work)


def test_a_cancelled_task_is_cancelled_where_it_waits() -> None:
    seen = []

    def work():
        try:
            strands.wait(asyncio.get_running_loop().create_future())
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main():
        task = asyncio.create_task(later(None))
        await task
        task = asyncio.ensure_future(asyncio.wait_for(_awaiting(work), 10))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]


async def _awaiting(work):
    return await strands.run(work)


def test_a_coroutine_may_wait_inside_sync_code_that_it_calls() -> None:
    async def handler():
        await asyncio.sleep(0)
        sync = strands.wait(later("sync"))
        return sync, await later("async")

    assert run(strands.wait, handler()) == ("sync", "async")


def test_it_sees_the_context_of_its_caller_or_a_copy() -> None:
    def work():
        before = colour.get()
        strands.wait(later(None))
        colour.set("green")
        return before

    async def main():
        colour.set("red")
        assert await strands.run(work, context=copy_context()) == "red"
        assert colour.get() == "red"
        assert await strands.run(work) == "red"
        assert colour.get() == "green"

    asyncio.run(main())


def test_it_is_told_how_long_the_loop_was_held() -> None:
    held = []

    def work():
        strands.wait(later(None))

    run(work, held=held.append)
    assert len(held) == 2
    assert all(0 <= seconds < 1 for seconds in held)
