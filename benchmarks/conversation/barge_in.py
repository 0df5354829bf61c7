"""`./avatar bench barge-in`: is the avatar interrupted by people, quickly, and never by its own voice?

The real stages (echo canceller with the played sound as reference, Silero, PocketSphinx, the dialogue's rules,
espeak-ng, the speaker) run on a virtual clock; the loudspeaker's sound comes back to the microphone through measured
rooms. The two devices' clocks differ, what is known of instants is off by a millisecond or so, and the loudspeaker
distorts, as real ones do (--drift-ppm, --jitter-ms, --distortion-percent). Two parts:

own voice: minutes of speech with nobody there, the echo 6 dB below a person's voice. Every pause is a false one.
people: recorded people speak over the avatar, as loud at the microphone as its echo: from the voice's first sample
above -40 dBFS (its active level is -26) to the loudspeaker 40 dB down, the card's 50 ms of buffer included.
Recognised: the dialogue took it for an interruption.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from avatar_ros.core.arrays import F32
from avatar_ros.core.clock import s_from_ns
from avatar_ros.core.enums import InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.errors import StageError
from avatar_ros.core.events import Interrupt, Say, SayResult
from avatar_ros.core.levels import gain_from_db
from avatar_ros.core.outputs import write_whole
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.core.types import AudioFrame, PlaybackClock
from avatar_ros.testing.acoustic_room import Devices, Echo, active_dbfs, response
from avatar_ros.testing.harness import Record
from avatar_ros.testing.virtual_kiosk import VirtualKiosk

from ..lib.data_folder import default_data
from ..lib.question_files import RATE_HZ, speak
from ..recognition.speech_clips import SpeechClip, clips, data_folder

ROOMS = ("rir1", "rir2")
USER_DBFS = -26.0
#: A person who began to speak over the avatar was understood by then, or was not.
DECIDED_S = 2.5
#: A kiosk has stood there for a while before somebody interrupts it, and has talked for a moment: so long at least.
STOOD_S, LEARNT_S = 60.0, 6.0
#: What a run must keep to.
LEAST_RECOGNISED_PERCENT, LATEST_DOWN_MS = 90.0, 300.0
DOWN_DB = 40.0

TALK = (
    "Good morning, and welcome to the visitor centre. I can tell you where things are and what happens today.",
    "The exhibition on the ground floor shows how people measured time before there were clocks.",
    "If you would like a map, you will find one at the information desk, right next to the main entrance.",
    "Please keep your ticket with you; it is valid for the whole day, and for the garden as well.",
    "Did you know that this house is more than two hundred years old? It was a mill until nineteen twelve.",
    "The lift at the end of the hall takes you up to the third floor, where the view is worth the wait.",
    "Our cafe serves cake, soup, and seven kinds of tea. It closes half an hour before the museum does.",
    "Children under twelve need not pay anything, but somebody should come with them.",
)


@dataclass(frozen=True)
class OwnVoice:
    """Minutes of the avatar's speech in one room, and what it did to itself."""

    room: str
    minutes: float
    pauses: int
    cancels: int


@dataclass(frozen=True)
class Over:
    """One person speaking over the avatar. NaN: it did not happen. ms from the voice's first audible sample."""

    room: str
    clip: str
    begins: bool
    voice_s: float
    paused_ms: float
    down_ms: float
    cancelled_ms: float


class Scene:
    """A kiosk without a face in a room, on a virtual clock. echo_dbfs: active level of its voice at the microphone."""

    def __init__(self, taps: F32, echo_dbfs: float, folder: Path, devices: Devices | None = None) -> None:
        gain = gain_from_db(echo_dbfs - _echo_level(taps))
        self._run = VirtualKiosk(folder, taps=taps * gain, devices=devices)
        self.mic = self._run.mic
        self._given = self._done = 0
        self.playing = False

    @property
    def now_s(self) -> float:
        return self._run.now_s

    def step(self, seconds: float) -> list[Record]:
        """Let time pass; what was sent meanwhile."""
        self._run.run(seconds)
        records, self._run.records = self._run.records, []
        for record in records:
            if isinstance(record.message, PlaybackClock):
                self.playing = record.message.state is PlaybackState.PLAYING
            self._done += isinstance(record.message, SayResult)
        return records

    def keep_talking(self) -> None:
        """See to it that there is always something more to say."""
        while self._given - self._done < 2:
            text = TALK[self._given % len(TALK)]
            self._given += 1
            self._run.send("say", Say(id=str(self._given), text=text, when=SayWhen.QUEUE))

    def close(self) -> None:
        """Free the stages."""
        self._run.close()


def _echo_level(taps: F32) -> float:
    """Active level of the avatar's voice behind `taps`, dBFS."""
    pcm = speak([TALK[0]])[0]
    echo = Echo(taps, RATE_HZ)
    echo.add(pcm)
    return active_dbfs(echo.take(len(pcm) * LISTENING_RATE_HZ // RATE_HZ))


def own_voice(room: str, taps: F32, minutes: float, folder: Path, devices: Devices) -> OwnVoice:
    """Let the avatar talk with nobody there, its echo 6 dB below a person's voice."""
    scene = Scene(taps, USER_DBFS - 6.0, folder, devices)
    orders: list[Interrupt] = []
    for _ in tqdm(range(round(60 * minutes)), f"own voice, {room}", disable=None):
        scene.keep_talking()
        orders += [
            r.message for r in scene.step(1.0) if isinstance(r.message, Interrupt) and r.message.turn < 2**32 - 1
        ]
    scene.close()
    return OwnVoice(room, minutes, _count(orders, InterruptAction.PAUSE), _count(orders, InterruptAction.CANCEL))


def _count(orders: Sequence[Interrupt], action: InterruptAction) -> int:
    return sum(order.action is action for order in orders)


def people(
    room: str, taps: F32, voices: Sequence[SpeechClip], rounds: int, folder: Path, devices: Devices
) -> list[Over]:
    """Recorded people speak over the avatar, each voice `rounds` times, as loud at the microphone as its echo."""
    scene, rng = Scene(taps, USER_DBFS, folder, devices), random.Random(room)
    scene.step(STOOD_S)
    scene.keep_talking()
    scene.step(LEARNT_S)
    out = []
    for clip in tqdm([clip for _ in range(rounds) for clip in voices], f"people, {room}", disable=None):
        scene.keep_talking()
        _until_it_talks(scene, rng)
        out.append(_speak_over(scene, room, clip))
    scene.close()
    return out


def _until_it_talks(scene: Scene, rng: random.Random) -> None:
    """Wait until it has been speaking for 1 to 4 s."""
    talked_s, want_s = 0.0, rng.uniform(1.0, 4.0)
    for _ in range(600):
        scene.keep_talking()
        scene.step(0.1)
        talked_s = talked_s + 0.1 if scene.playing else 0.0
        if talked_s >= want_s:
            return
    raise StageError("bench_mute", "the avatar did not begin to speak within a minute")


def _speak_over(scene: Scene, room: str, clip: SpeechClip) -> Over:
    at_s = scene.now_s + 0.1
    scene.mic.say(at_s, clip.sound)
    records = scene.step(0.1 + clip.length_s + DECIDED_S)
    voice_s = at_s + clip.onset_s
    orders = [(r.at_s, r.message) for r in records if isinstance(r.message, Interrupt) and r.at_s > voice_s]
    first = {action: _first(at for at, order in orders if order.action is action) for action in InterruptAction}
    played = [r.message for r in records if r.topic == "speech/played"]
    return Over(
        room,
        clip.name,
        clip.begins,
        round(clip.length_s, 2),
        _ms(first[InterruptAction.PAUSE], voice_s),
        _ms(time_down(played, voice_s), voice_s),
        _ms(first[InterruptAction.CANCEL], voice_s),
    )


def _first(times: Iterable[float]) -> float:
    return min(times, default=float("nan"))


def _ms(at_s: float, from_s: float) -> float:
    return round(1000 * (at_s - from_s), 1)


def time_down(played: Sequence[AudioFrame], after_s: float, lasting_s: float = 0.45) -> float:
    """When the loudspeaker fell DOWN_DB below the level it had before `after_s`, for at least `lasting_s`; NaN: never.

    Pauses between sentences are shorter (0.25 s). The instant is found by pieces of 5 ms.
    """
    pieces = [piece for frame in played for piece in _pieces(frame)]
    before = [level for at_s, level in pieces if at_s < after_s and level > 0]
    if not before:
        return float("nan")
    limit = np.sqrt(np.mean(np.square(before))) * gain_from_db(-DOWN_DB)
    quiet_s: float | None = None
    for at_s, level in pieces:
        if at_s < after_s or level > limit:
            quiet_s = None
        elif quiet_s is None:
            quiet_s = at_s
        elif at_s - quiet_s >= lasting_s:
            return quiet_s
    return float("nan")


def _pieces(frame: AudioFrame) -> Iterator[tuple[float, float]]:
    size = frame.sample_rate_hz // 200
    for at in range(0, len(frame.pcm) - size + 1, size):
        level = float(np.sqrt(np.mean(np.square(frame.pcm[at : at + size], dtype=np.float64))))
        yield s_from_ns(frame.steady_ns) + at / frame.sample_rate_hz, level


def main(arguments: Sequence[str]) -> int:
    """Print the figures; 0 where they are within the limits, 1 where not."""
    options = parse(arguments)
    data = data_folder(options.data)
    voices = clips(data / "speech", USER_DBFS)
    own, over = [], []
    devices = Devices(options.drift_ppm, 1e-3 * options.jitter_ms, 1e-2 * options.distortion_percent)
    with tempfile.TemporaryDirectory() as folder:
        for room in ROOMS:
            taps = response(data / "acoustics" / f"{room}.wav")
            if options.minutes:
                own.append(own_voice(room, taps, options.minutes / len(ROOMS), Path(folder), devices))
            if options.rounds:
                over += people(room, taps, voices, options.rounds, Path(folder), devices)
    result = summary(own, over)
    print(table(result))
    if options.json:
        write_whole(options.json, json.dumps(result, indent=1))
    return 0 if within_limits(result) else 1


def within_limits(result: dict[str, Any]) -> bool:
    """No interruption by its own voice; of people, those recognised, and how soon the loudspeaker is down (p95)."""
    if result["false_pauses"] or result["false_cancels"]:
        return False
    soon = bool(result["down_ms"]) and result["down_ms"]["p95"] <= LATEST_DOWN_MS
    return not result["trials"] or (result["recognised_percent"] >= LEAST_RECOGNISED_PERCENT and soon)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of the measurement."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="avatar bench barge-in", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=default_data(), help="folder with speech/ and acoustics/")
    parser.add_argument("--minutes", type=float, default=10.0, help="own voice: minutes, in all rooms together")
    parser.add_argument("--rounds", type=int, default=2, help="people: times that each recording speaks, in each room")
    parser.add_argument("--drift-ppm", type=float, default=50.0, help="the microphone's clock is so much faster")
    parser.add_argument("--jitter-ms", type=float, default=1.0, help="error of the blocks' instants, both devices")
    parser.add_argument("--distortion-percent", type=float, default=1.0, help="harmonics that the loudspeaker adds")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args(arguments)


def summary(own: Sequence[OwnVoice], over: Sequence[Over]) -> dict[str, Any]:
    """All figures, and each trial. Delays are of those who began to speak after silence."""
    begun = [each for each in over if each.begins]
    return {
        "own_voice": [asdict(each) for each in own],
        "false_pauses": sum(each.pauses for each in own),
        "false_cancels": sum(each.cancels for each in own),
        "trials": len(over),
        "recognised_percent": _percent([each.cancelled_ms for each in over]),
        "paused_percent": _percent([each.paused_ms for each in over]),
        "begun": len(begun),
        "paused_ms": _quantiles([each.paused_ms for each in begun]),
        "down_ms": _quantiles([each.down_ms for each in begun]),
        "cancelled_ms": _quantiles([each.cancelled_ms for each in over]),
        "people": [{k: None if v != v else v for k, v in asdict(each).items()} for each in over],
    }


def _percent(values: Sequence[float]) -> float:
    return round(100 * float(np.isfinite(values).mean()), 1) if values else 0.0


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return {}
    return {"median": round(float(np.median(known)), 1), "p95": round(float(np.percentile(known, 95)), 1)}


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    minutes = sum(each["minutes"] for each in result["own_voice"])
    rows = ["| what | measured |", "|---|---|"]
    rows.append(f"| {minutes:g} minutes of its own voice: pauses / cancels | {result['false_pauses']} / "
                f"{result['false_cancels']} |")  # fmt: skip
    rows.append(f"| people who spoke over it (began to, after silence) | {result['trials']} ({result['begun']}) |")
    rows.append(f"| recognised as an interruption | {result['recognised_percent']} % |")
    rows.append(f"| paused | {result['paused_percent']} % |")
    for name, text in (("paused_ms", "voice to PAUSE"), ("down_ms", "voice to 40 dB down"),
                       ("cancelled_ms", "voice to CANCEL")):  # fmt: skip
        values = result[name]
        if values:
            rows.append(f"| {text}, median / p95 | {values['median']:.0f} / {values['p95']:.0f} ms |")
    return "\n".join(rows)
