"""Progress of /generate as events; what is kept until it is fetched."""

import asyncio
import json
from concurrent.futures import Future

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from avatar_ros.gateway.generate_events import KEPT_S, JobProgress, ResultShelf
from avatar_ros.gateway.generator import FailedError


def events(*work):
    """What is told of a job that does `work`: pairs of frames, then a result or an error."""

    async def follow():
        progress, future = JobProgress(), Future()
        stream = progress.events(future, lambda result: {"bytes": len(result)}, lambda error: 422)
        told = [await anext(stream)]
        for step in work:
            if isinstance(step, tuple):
                progress.tell(*step)
            elif isinstance(step, bytes):
                future.set_result(step)
            else:
                future.set_exception(step)
            told.append(await anext(stream))
        return told + [more async for more in stream]

    lines = [event.split("\n") for event in asyncio.run(asyncio.wait_for(follow(), 60)) if not event.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data, *_ in lines]


def test_it_is_told_how_far_it_is_and_where_the_result_is():
    told = events((1, 9), (9, 9), b"video")
    assert told == [
        ("accepted", {}),
        ("progress", {"done": 1, "total": 9}),
        ("progress", {"done": 9, "total": 9}),
        ("done", {"bytes": 5}),
    ]


def test_what_cannot_be_drawn_is_told_as_the_last_event():
    (_, (name, fields)) = events(FailedError("no_speech", "no word"))
    assert name == "error" and fields["status"] == 422 and "no word" in fields["error"]


def test_results_are_kept_for_a_while_and_within_bounds():
    shelf = ResultShelf(most_bytes=10)
    first = shelf.put(b"12345", "image/png", 0.0)
    second = shelf.put(b"12345", "video/mp4", 1.0)
    assert shelf.get(first, 2.0)[:2] == (b"12345", "image/png") and len({first, second}) == 2
    third = shelf.put(b"1", "a/b", 2.0)
    assert shelf.get(first, 2.0) is None and shelf.get(second, 2.0) and shelf.get(third, 2.0)
    assert shelf.get(second, 1.0 + KEPT_S) is None and shelf.get("no-such", 0.0) is None
