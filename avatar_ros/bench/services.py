"""What the pipeline adds to the services' own delays: local chat service and Edge read-aloud with set delays.

Of each turn: the final transcript comes -> [ours] -> the chat service has the request -> its delays -> it sends what
completes the first sentence (the first character behind it: before that, "3." may become "3.5") -> [ours] -> the voice
has the text -> its delay -> it sends the first sound -> [ours] -> the first sample above -50 dBFS leaves the speaker.
All instants are of one computer's CLOCK_MONOTONIC. With espeak as the voice, the middle two are one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .servers.chat import Act, Exchange, chat_server
from .servers.edge import EdgeServer

SENTENCES = ("The exhibition opens at nine. ", "You will find it on the ground floor. ", "Shall I tell you more?")


@dataclass(frozen=True)
class Delays:
    """Of the services, s: to the first token, between two tokens, to the first byte of sound."""

    first_token_s: float = 0.3
    token_gap_s: float = 0.02
    first_sound_s: float = 0.15


@dataclass
class ChatTimes:
    """When the chat service had each request, and sent what completes the first sentence, s."""

    came: list[float] = field(default_factory=list)
    completed: list[float] = field(default_factory=list)


@dataclass
class Services:
    """Both servers while they run. edge: None where espeak speaks. parameters: how nodes reach them."""

    chat: ChatTimes
    edge: EdgeServer | None
    parameters: dict[str, dict[str, Any]]


def slow_answer(delays: Delays, times: ChatTimes) -> Act:
    """SENTENCES, token by token (a token: a word with the space before it)."""
    text = "".join(SENTENCES)
    words = text.split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    first_end = len(SENTENCES[0].split()) + 1  # the token behind the sentence shows that it is complete

    def act(exchange: Exchange) -> None:
        came_s = time.monotonic()
        times.came.append(came_s)
        exchange.begin()
        for i, token in enumerate(tokens):
            due_s = came_s + delays.first_token_s + i * delays.token_gap_s
            time.sleep(max(0.0, due_s - time.monotonic()))
            if i + 1 == first_end:
                times.completed.append(time.monotonic())
            exchange.piece(token)
        exchange.piece(None, "stop")
        exchange.end()

    return act


@contextmanager
def services(delays: Delays, *, edge: bool) -> Iterator[Services]:
    """Run the chat service, and Edge's voice where `edge`; espeak speaks otherwise."""
    with ExitStack() as stack:
        times = ChatTimes()
        chat = stack.enter_context(chat_server(slow_answer(delays, times)))
        llm = {"backend": "openai", "url": chat.url, "key_variable": "", "model": "local", "fallback": ""}
        parameters: dict[str, dict[str, Any]] = {"llm_node": llm}
        voice = stack.enter_context(EdgeServer(first_s=delays.first_sound_s)) if edge else None
        tts = {"backend": "edge", "url": voice.url, "fallback": ""} if voice else {"backend": "espeak"}
        yield Services(times, voice, parameters | {"tts_node": tts})


def added(running: Services, transcripts: Sequence[float], sounds: Sequence[float]) -> dict[str, list[float]]:
    """Milliseconds that the pipeline added, stage by stage, turn by turn.

    transcripts: when each final transcript came; sounds: when each turn's first sound left the speaker, NaN: never.
    """
    out: dict[str, list[float]] = {}
    for transcript_s, sound_s, came_s, complete_s in zip(
        transcripts, sounds, running.chat.came, running.chat.completed, strict=False
    ):
        steps = {"transcript to request": came_s - transcript_s}
        if running.edge is None:
            steps["first sentence complete to first sound"] = sound_s - complete_s
        else:
            asked = [times for times in running.edge.asked if times[0] > complete_s]
            if not asked:
                continue
            steps["first sentence complete to voice asked"] = asked[0][0] - complete_s
            steps["first byte of sound to first sound"] = sound_s - asked[0][1]
        for name, seconds in steps.items():
            out.setdefault(name, []).append(round(1000 * seconds, 1))
        out.setdefault("added in all", []).append(round(1000 * sum(steps.values()), 1))
    return out


def table(steps: dict[str, list[float]], title: str) -> str:
    """The figures for people."""
    rows = [f"| {title}, ms | median | p95 |", "|---|---|---|"]
    for name, values in steps.items():
        known = [value for value in values if np.isfinite(value)]
        if known:
            rows.append(f"| {name} | {np.median(known):.0f} | {np.percentile(known, 95):.0f} |")
    return "\n".join(rows)
