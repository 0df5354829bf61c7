"""What the pipeline adds to the services' own delays: local chat service and Edge read-aloud with set delays.

Of each turn: the final transcript comes -> [ours] -> the chat service has the request -> its delays -> it sends what
completes the first sentence (the first character behind it: before that, "3." may become "3.5") -> [ours] -> the voice
has the text -> its delay -> it sends the first sound -> [ours] -> the first sample above -50 dBFS leaves the speaker.
All instants are of one computer's CLOCK_MONOTONIC. With espeak as the voice, the middle two are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from avatar_ros.core.errors import StageError
from avatar_ros.core.helper_process import Helper, HelperDeadError
from avatar_ros.llm.base import LLM_BACKENDS
from avatar_ros.tts.base import TTS_BACKENDS

SENTENCES = ("The exhibition opens at nine. ", "You will find it on the ground floor. ", "Shall I tell you more?")
#: The services start and answer within this, s.
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Delays:
    """Of the services, s: to the first token, between two tokens, to the first byte of sound."""

    first_token_s: float = 0.3
    token_gap_s: float = 0.02
    first_sound_s: float = 0.15


@dataclass(frozen=True)
class Times:
    """When the chat service had each request, and sent what completes the first sentence; when the voice had each
    sentence, and sent its first sound (None where espeak speaks), s.
    """

    came: list[float]
    completed: list[float]
    asked: list[tuple[float, float]] | None


class Services:
    """The stand-ins while they run. parameters: how nodes reach them."""

    def __init__(self, delays: Delays, *, edge: bool) -> None:
        self._helper = Helper("benchmarks.conversation.service_process")
        try:
            urls = self._ask(b"S", {"delays": asdict(delays), "edge": edge})
        except HelperDeadError as error:
            self.close()
            raise StageError("bench_services", f"the stand-ins for the services did not start: {error}") from error
        service = {"openai.url": urls["chat"], "openai.key_variable": "", "openai.model": "local"}
        llm = {"backend": "openai", "fallback": "", **service}
        tts = {"backend": "edge", "edge.url": urls["edge"], "fallback": ""} if edge else {"backend": "espeak"}
        self.parameters: dict[str, dict[str, Any]] = {"llm_node": llm, "tts_node": tts}

    def times(self) -> Times:
        """All so far."""
        return Times(**self._ask(b"T", {}))

    def close(self) -> None:
        """End them."""
        self._helper.close()

    def _ask(self, kind: bytes, what: object) -> dict[str, Any]:
        self._helper.send(kind, json.dumps(what).encode())
        reply: dict[str, Any] = json.loads(self._helper.receive(_PATIENCE_S)[1])
        return reply


def check_installed() -> None:
    """Raises UnknownBackendError that tells what installs a library that the services or their clients need."""
    LLM_BACKENDS.load("openai")
    TTS_BACKENDS.load("edge")


@contextmanager
def services(delays: Delays, *, edge: bool) -> Iterator[Services]:
    """Run the chat service, and Edge's voice where `edge`; espeak speaks otherwise."""
    running = Services(delays, edge=edge)
    try:
        yield running
    finally:
        running.close()


def added(times: Times, transcripts: Sequence[float], sounds: Sequence[float]) -> dict[str, list[float]]:
    """Milliseconds that the pipeline added, stage by stage, turn by turn.

    transcripts: when each final transcript came; sounds: when each turn's first sound left the speaker, NaN: never. A
    request that was prepared comes before its transcript: what the services took meanwhile is waited for by nobody, and
    "added in all" may be negative.
    """
    out: dict[str, list[float]] = {}
    before_s = float("-inf")
    for transcript_s, sound_s in zip(transcripts, sounds, strict=False):
        answers = [pair for pair in zip(times.came, times.completed, strict=True) if before_s < pair[1] < sound_s]
        if not answers:
            continue
        (came_s, complete_s), before_s = answers[-1], sound_s  # the last: others may have been prepared in vain
        steps = {"transcript to request": came_s - transcript_s}
        if times.asked is None:
            steps["first sentence complete to first sound"] = sound_s - complete_s
        else:
            first = next(((asked_s, sent_s) for asked_s, sent_s in times.asked if asked_s > complete_s), None)
            if first is None:
                continue
            steps["first sentence complete to voice asked"] = first[0] - complete_s
            steps["first byte of sound to first sound"] = sound_s - first[1]
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
