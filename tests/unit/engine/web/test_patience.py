import asyncio
import contextlib

import pytest

from hookrules.engine.web.patience import Patience

ENDLESS = 1e6


def test_what_comes_in_time_is_given() -> None:
    async def story() -> str:
        patience = Patience(ENDLESS)
        return await patience.with_(asyncio.sleep(0, "here"))

    assert asyncio.run(story()) == "here"


def test_whoever_takes_too_long_is_told_and_others_are_not() -> None:
    async def story() -> str:
        short, long = Patience(0.01), Patience(ENDLESS)
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        late = [asyncio.create_task(short.with_(asyncio.shield(never))) for _ in range(3)]
        waiting = asyncio.create_task(long.with_(never))
        for each in late:
            with pytest.raises(TimeoutError):
                await each
        never.set_result("after all")
        return await waiting

    assert asyncio.run(story()) == "after all"


def test_the_task_goes_on_as_if_nothing_had_been() -> None:
    async def story() -> int:
        patience = Patience(0.01)
        with pytest.raises(TimeoutError):
            await patience.with_(asyncio.get_running_loop().create_future())
        await patience.with_(asyncio.sleep(0))
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert asyncio.run(story()) == 0


def test_being_cancelled_by_others_is_no_lateness() -> None:
    async def story() -> None:
        patience = Patience(ENDLESS)
        waiting = asyncio.create_task(patience.with_(asyncio.get_running_loop().create_future()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(story())


def test_being_cancelled_by_others_as_well_is_told_as_that() -> None:
    async def story() -> int:
        patience = Patience(0.01)

        async def waiting() -> None:
            me = asyncio.current_task()
            assert me is not None
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                me.cancel()  # in the very moment

        task = asyncio.create_task(patience.with_(waiting()))
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelling()

    assert asyncio.run(story()) == 1


def test_what_comes_in_spite_of_all_is_given_and_nothing_is_left_behind() -> None:
    async def stubborn() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        return "after all"

    async def story() -> tuple[str, int]:
        task = asyncio.current_task()
        assert task is not None
        return await Patience(0.01).with_(stubborn()), task.cancelling()

    assert asyncio.run(story()) == ("after all", 0)


def test_an_error_is_passed_on() -> None:
    async def broken() -> None:
        raise ValueError("torn")

    async def story() -> None:
        with pytest.raises(ValueError, match="torn"):
            await Patience(ENDLESS).with_(broken())

    asyncio.run(story())
