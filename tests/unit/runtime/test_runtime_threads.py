from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import pytest

from nb2svc.runtime import threads as module
from nb2svc.runtime.threads import Threads

variable: ContextVar[str] = ContextVar("variable", default="")


@pytest.fixture
def threads() -> Iterator[Threads]:
    module.handlers.finish()  # those of other tests in this process
    threads = Threads(4)
    yield threads
    threads.finish()


def alive() -> int:
    return sum(thread.name == "nb2svc-handler" for thread in threading.enumerate())


def test_what_is_given_and_raised(threads: Threads) -> None:
    def fail() -> None:
        raise LookupError("nothing")

    def stop() -> None:
        raise StopIteration("early")

    def leave() -> None:
        raise SystemExit(3)

    async def main() -> None:
        assert await threads.run(lambda: threading.current_thread().name) == "nb2svc-handler"
        with pytest.raises(LookupError, match="nothing"):
            await threads.run(fail)
        with pytest.raises(RuntimeError, match="StopIteration") as raised:
            await threads.run(stop)
        assert isinstance(raised.value.__cause__, StopIteration)
        with pytest.raises(SystemExit):
            await threads.run(leave)

    asyncio.run(main())


def test_the_callers_variables_go_along_and_do_not_come_back(threads: Threads) -> None:
    def change() -> str:
        before = variable.get()
        variable.set("changed")
        return before

    async def main() -> None:
        variable.set("callers")
        assert [await threads.run(change) for _ in range(2)] == ["callers", "callers"]
        assert variable.get() == "callers"

    asyncio.run(main())


def test_there_are_as_many_threads_as_needed_and_no_more_than_allowed(threads: Threads) -> None:
    together, at_work, most, lock = threading.Barrier(4), 0, 0, threading.Lock()

    def meet() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        together.wait(30)
        with lock:
            at_work -= 1

    async def main() -> None:
        before = alive()
        for _ in range(20):
            await threads.run(lambda: None)
        assert alive() - before <= 2  # one, or a second where the first had not put its work away yet
        await asyncio.gather(*(threads.run(meet) for _ in range(40)))
        assert most == 4
        assert alive() - before == 4

    asyncio.run(main())


def test_who_is_cancelled_does_not_wait_and_what_has_not_begun_never_does(threads: Threads) -> None:
    threads.size = 1
    begun, release, done = threading.Event(), threading.Event(), []

    def hang() -> None:
        begun.set()
        release.wait(30)
        done.append("hanging")

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(threads.run(hang), 0.05)
        assert begun.is_set()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(threads.run(lambda: done.append("never")), 0.05)
        release.set()
        await threads.run(lambda: done.append("next"))
        assert done == ["hanging", "next"]

    asyncio.run(main())


def test_a_loop_that_closed_meanwhile_does_no_harm(threads: Threads) -> None:
    begun, release = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait(30)

    async def give_up() -> None:
        task = asyncio.create_task(threads.run(hang))
        await asyncio.sleep(0)
        begun.wait(30)
        task.cancel()

    threads.size = 1
    asyncio.run(give_up())
    release.set()
    assert asyncio.run(threads.run(lambda: "served")) == "served"


def test_idle_threads_end_and_nothing_is_left_behind_when_they_do(threads: Threads, monkeypatch) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.0001)

    async def main() -> None:
        before = alive()
        for turn in range(300):  # work that comes as a thread ends
            assert await asyncio.wait_for(threads.run(partial(int, turn)), 30) == turn
            await asyncio.sleep(0.0001 * (turn % 3))
        deadline = time.monotonic() + 30
        while alive() > before:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)

    asyncio.run(main())


def test_finish_waits_for_what_still_runs() -> None:
    threads, begun, release, done = Threads(2), threading.Event(), threading.Event(), []

    def hang() -> None:
        begun.set()
        release.wait(30)
        done.append("hanging")

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(threads.run(hang), 0.05)
        begun.wait(30)

    asyncio.run(main())
    threading.Timer(0.05, release.set).start()
    threads.finish()
    assert done == ["hanging"]


def test_more_threads_begin_what_waits_and_fewer_end_with_their_calls(threads: Threads) -> None:
    async def main() -> None:
        go = threading.Event()
        calls = [asyncio.create_task(threads.run(partial(go.wait, 5))) for _ in range(9)]
        await asyncio.sleep(0)
        assert (threads.waiting, alive()) == (5, 4)
        threads.resize(7)
        assert (threads.waiting, alive()) == (2, 7)
        threads.resize(2)
        go.set()
        assert await asyncio.gather(*calls) == [True] * 9
        assert threads.waiting == 0
        deadline = time.monotonic() + 30
        while alive() > 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        answers = await asyncio.gather(*(threads.run(lambda number=number: number) for number in range(50)))
        assert (answers, alive()) == (list(range(50)), 2)

    asyncio.run(main())
