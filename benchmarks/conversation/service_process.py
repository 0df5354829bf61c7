"""The stand-ins for the services, in a process of their own, as services are: what they do (encode mp3) must not hold
the interpreter lock of the one that measures. `python -m benchmarks.conversation.service_process`.

Messages as in core/helper_process.py. S: delays and whether Edge's voice is wanted, in JSON; U: their addresses; T
(asked for, and given): when they were asked and answered, seconds of CLOCK_MONOTONIC.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from typing import BinaryIO

from avatar_ros.core.helper_process import pack, receive, run_helper
from avatar_ros.testing.chat_server import Act, Exchange, chat_server
from avatar_ros.testing.edge_server import EdgeServer

from .services import SENTENCES, Delays, Times


def slow_answer(delays: Delays, times: Times) -> Act:
    """SENTENCES, token by token (a token: a word with the space before it)."""
    words = "".join(SENTENCES).split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    first_end = len(SENTENCES[0].split()) + 1  # the token behind the sentence shows that it is complete

    def act(exchange: Exchange) -> None:
        came_s = time.monotonic()
        exchange.begin()
        for i, token in enumerate(tokens):
            due_s = came_s + delays.first_token_s + i * delays.token_gap_s
            time.sleep(max(0.0, due_s - time.monotonic()))
            if i + 1 == first_end:
                times.came.append(came_s)  # not of a request that was given up before: its answer is nobody's
                times.completed.append(time.monotonic())
            exchange.piece(token)
        exchange.piece(None, "stop")
        exchange.end()

    return act


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Run the services until the other side closes the pipe."""
    start = receive(requests)
    if start is None:
        return
    wanted = json.loads(start[1])
    delays, times = Delays(**wanted["delays"]), Times([], [], None)
    with ExitStack() as stack:
        chat = stack.enter_context(chat_server(slow_answer(delays, times)))
        voice = stack.enter_context(EdgeServer(first_s=delays.first_sound_s)) if wanted["edge"] else None
        _send(replies, b"U", {"chat": chat.url, "edge": voice.url if voice else ""})
        while receive(requests) is not None:
            asked = voice.asked if voice else None
            _send(replies, b"T", {"came": times.came, "completed": times.completed, "asked": asked})


def _send(replies: BinaryIO, kind: bytes, what: object) -> None:
    replies.write(pack(kind, json.dumps(what).encode()))
    replies.flush()


if __name__ == "__main__":
    sys.exit(run_helper(serve))
