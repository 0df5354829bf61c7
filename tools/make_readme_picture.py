#!/usr/bin/env python3
"""Make the README's moving picture from a real conversation of a kiosk.

    ./avatar exec python tools/make_readme_picture.py --out docs/kiosk.webp

A question is spoken by espeak-ng into a WAV file, `./avatar kiosk --mic question.wav --display off --record out.mp4
--turns 1` answers it, and a listener on its topics notes state and words. The pictures are those of the recording, with
sign and captions as a panel would show them (avatar_ros/display/) and the state's name above. Nothing else is drawn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from avatar_ros.core.enums import AgentState
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import PlaybackClock
from avatar_ros.display.background import Background
from avatar_ros.display.base import DisplaySettings
from avatar_ros.display.caption_writer import CaptionWriter
from avatar_ros.display.captions import CaptionBoard
from avatar_ros.display.compose import Composer
from avatar_ros.display.sign import sign_margin, sign_patch, sign_phase
from avatar_ros.ros.listener import Listener
from benchmarks.conversation.kiosk_run import KioskRun
from benchmarks.lib.question_files import speak, write_wav

ROOT = Path(__file__).resolve().parents[1]
NAMESPACE = "avatar"
NOTED = ("state", "speech/transcript", "speech/sentence", "speech/playback", "speech/played")
#: Sound of a recording above this share of full scale is the avatar's voice.
SOUND_SHARE = 0.004
LEAD_S, TAIL_S, RUN_S = 0.6, 1.0, 300.0
LABELS = {AgentState.LISTENING: "listening", AgentState.THINKING: "thinking", AgentState.SPEAKING: "speaking"}


@dataclass(frozen=True)
class Talk:
    """A recorded conversation. events: (seconds of CLOCK_MONOTONIC, message) in order; zero_s: of the first picture."""

    recording: Path
    events: list[tuple[float, Any]]
    zero_s: float


def main() -> int:
    """Record, draw, write; the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/kiosk.webp", help="animated WebP to write")
    parser.add_argument("--question", default="what can you do", help="what espeak-ng asks")
    parser.add_argument("--side", type=int, default=400, help="width and height, px")
    parser.add_argument("--fps", type=float, default=20.0, help="pictures a second")
    parser.add_argument("--quality", type=int, default=75, help="of WebP, 1-100")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        talk = converse(Path(folder), options.question)
        pictures = list(drawn(talk, (options.side, options.side), options.fps))
    write_webp(options.out, pictures, options.fps, options.quality)
    print(f"{options.out}: {len(pictures)} pictures, {options.out.stat().st_size} bytes")
    print("\n".join(f"{at - talk.zero_s:7.2f} s  {m.state.name}" for at, m in states(talk)))
    return 0


def converse(folder: Path, question: str) -> Talk:
    """One question, one answer, recorded."""
    sound = write_wav(folder / "question.wav", speak([question])[0])
    recording = folder / "out.mp4"
    arguments = ["--mic", str(sound), "--display", "off", "--record", str(recording), "--turns", "1"]
    with Listener(NAMESPACE, NOTED) as ear, KioskRun(NAMESPACE, "embedded", arguments) as kiosk:
        if code := kiosk.wait(RUN_S):
            raise SystemExit(f"the kiosk left with exit code {code}:\n" + "\n".join(kiosk.lines[-8:]))
    kept = [topic for topic in NOTED if topic != "speech/played"]
    events = sorted(((at, m) for t in kept for at, m in zip(ear.times[t], ear.heard[t], strict=True)), key=first)
    return Talk(recording, events, voice_began_s(ear.heard["speech/played"]) - voice_at_s(recording))


def states(talk: Talk) -> list[tuple[float, Any]]:
    """The events that change the conversation's state."""
    return [(at, m) for at, m in talk.events if isinstance(m, AvatarState)]


def first(pair: tuple[float, Any]) -> float:
    """What events are in the order of."""
    return pair[0]


def voice_began_s(played: list[Any]) -> float:
    """When the first sound left the speaker, seconds of CLOCK_MONOTONIC."""
    for frame in played:
        loud = np.flatnonzero(np.abs(frame.pcm.astype(np.int32)) > SOUND_SHARE * 32767)
        if len(loud):
            return float(frame.steady_ns * 1e-9 + loud[0] / frame.sample_rate_hz)
    raise SystemExit("the avatar said nothing")


def voice_at_s(recording: Path) -> float:
    """Where the first sound lies in the recording, s."""
    with av.open(str(recording)) as file:
        for frame in file.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > SOUND_SHARE)
            if len(loud):
                return float(frame.time + loud[0] / frame.sample_rate)
    raise SystemExit("the recording has no voice")


def drawn(talk: Talk, panel: tuple[int, int], fps: float) -> Iterator[np.ndarray]:
    """Pictures [height, width, 4] BGRA from shortly before the question to shortly after the answer."""
    begin_s = next(at for at, m in states(talk) if m.state is AgentState.LISTENING) - LEAD_S
    end_s = max(at for at, m in talk.events if isinstance(m, PlaybackClock)) + TAIL_S
    composer = Composer(panel, 0, "contain", Background(), swap_red_blue=True)
    writer, board, told = CaptionWriter(DisplaySettings(captions=True, caption_size=0.042)), CaptionBoard(), 0
    times = [at for at, _ in talk.events]
    for rgba, at_s in frames(talk, begin_s, end_s, fps):
        for at, message in talk.events[told : bisect_right(times, at_s)]:
            board.hear(message, at)
            told += 1
        target = np.zeros((panel[1], panel[0], 4), np.uint8)
        composer.draw(target, rgba, patches(board, writer, panel, at_s))
        label(target, LABELS.get(board.state, ""))
        yield target


def frames(talk: Talk, begin_s: float, end_s: float, fps: float) -> Iterator[tuple[np.ndarray, float]]:
    """RGBA pictures of the recording with their instants, `fps` of them a second."""
    due_s = begin_s
    with av.open(str(talk.recording)) as file:
        for frame in file.decode(video=0):
            at_s = talk.zero_s + float(frame.time)
            if at_s >= end_s:
                return
            if at_s >= due_s - 0.5 / fps:
                due_s = max(due_s, begin_s) + 1 / fps
                yield frame.to_ndarray(format="rgba"), at_s


def patches(board: CaptionBoard, writer: CaptionWriter, panel: tuple[int, int], at_s: float) -> list[Any]:
    """Captions and sign, where a window has them."""
    phase = sign_phase(board.state, at_s)
    sign = None if phase is None else sign_patch(board.state, phase, panel)
    room = sign_patch(AgentState.LISTENING, 0, panel).pixels.shape[0] + 2 * sign_margin(panel)
    return [patch for patch in (writer.patch(board.at(at_s), panel, panel[1] - room), sign) if patch is not None]


def label(target: np.ndarray, text: str) -> None:
    """The state's name in the upper left corner."""
    colour = (112, 96, 84, 255)
    cv2.putText(target, text, (12, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1, cv2.LINE_AA)


def write_webp(path: Path, pictures: list[np.ndarray], fps: float, quality: int) -> None:
    """An animated WebP without end."""
    animation = cv2.Animation()
    animation.frames = [picture[:, :, :3] for picture in pictures]
    animation.durations = [round(1000 / fps)] * len(pictures)
    animation.loop_count = 0
    if not cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, quality]):
        raise SystemExit(f"{path} cannot be written as WebP")


if __name__ == "__main__":
    sys.exit(main())
