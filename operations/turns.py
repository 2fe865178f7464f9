"""A call and its worker in one thread, by turns: the loop runs, stands still, and the database is asked.

Django's connection belongs to a thread, and may not be used while a loop runs there. Handing work to another
thread and back cost 3 ms a run; stopping the loop for as long as a statement takes costs nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Turns:
    """Runs one call in a loop of its own, and between its turns what the call asks for."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[Callable[[], Any], asyncio.Future[Any]]] = asyncio.Queue()

    async def ask(self, function: Callable[[], Answer]) -> Answer:
        """Have a function called while the loop stands still; returns or raises what it does."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((function, answer))
        return await answer

    def run(self, call: Coroutine[Any, Any, Answer], beat: Callable[[], None], every: float) -> Answer:
        """Run the call and return what it returns; `beat` is called every so many seconds, and may end it by
        raising."""
        with asyncio.Runner() as runner:
            return self._run(runner.get_loop(), call, beat, every)

    def _run(
        self,
        loop: asyncio.AbstractEventLoop,
        call: Coroutine[Any, Any, Answer],
        beat: Callable[[], None],
        every: float,
    ) -> Answer:
        task, due = loop.create_task(call), loop.time() + every
        try:
            while not task.done():
                asked = loop.run_until_complete(self._next(task, due - loop.time()))
                if asked is not None:
                    _carry_out(*asked)
                elif loop.time() >= due:
                    beat()
                    due = loop.time() + every
            return task.result()
        finally:
            task.cancel()
            loop.run_until_complete(asyncio.wait({task}))

    async def _next(
        self, task: "asyncio.Task[Any]", seconds: float
    ) -> tuple[Callable[[], Any], "asyncio.Future[Any]"] | None:
        """Return the next thing that is asked for; None when the call ended, or the seconds have passed."""
        asking = asyncio.ensure_future(self._asked.get())
        await asyncio.wait({task, asking}, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        asking.cancel()
        return None


def _carry_out(function: Callable[[], Any], answer: "asyncio.Future[Any]") -> None:
    try:
        result = function()
    except Exception as error:  # whoever asked decides what it means
        answer.set_exception(error)
    else:
        answer.set_result(result)
