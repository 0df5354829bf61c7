"""Runs the ears (voice detection, turn detection, recognition) of one checkout over sounds: when does each turn end?

Started by its path with that checkout as working directory, so that another version can be measured by the same file.
stdin: {"sounds": an .npz of int16 arrays, "names": [...], "vad": {...}, "asr": {...}, "latency_s": …}; the last line of
stdout: [[seconds at which a turn was ended, …] for each sound].
"""

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

sys.path.insert(0, "")

import numpy as np

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.base import PORT as ASR_PORT
from avatar_ros.asr.stage import AsrStage
from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.types import AudioFrame
from avatar_ros.testing.harness import Harness
from avatar_ros.testing.settings import split
from avatar_ros.vad.base import PORT as VAD_PORT
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.stage import VadStage, build

RATE, FRAME = 16000, 320


def vad_stage(options: dict[str, Any], latency_s: float) -> Any:
    """The stage; where it has a turn detector, that takes latency_s of the virtual clock."""
    settings, own = split(VAD_BACKENDS, VadSettings, **options)
    if getattr(settings, "turn_detector", "words") in ("words", "none"):
        return build(settings, own)
    from avatar_ros.vad.base import TURN_DETECTORS
    from avatar_ros.vad.judge import DirectJudge

    detector = VAD_BACKENDS.make(settings.backend, settings, own=own)
    turns = TURN_DETECTORS.make(settings.turn_detector, settings)
    return VadStage(detector, settings, turns, lambda judged, wake: DirectJudge(judged, latency_s))


def wait_for_second() -> None:
    """A second recogniser's thread costs no time on the virtual clock either; a checkout may have none."""
    if find_spec("avatar_ros.asr.background_stream"):
        vars(import_module("avatar_ros.asr.background_stream"))["HEAD_START_S"] = 60.0


def main() -> None:
    """See above."""
    wait_for_second()
    order = json.loads(sys.stdin.readline())
    run = Harness(latency_s=0.002)
    run.add("vad", vad_stage(order["vad"], order["latency_s"]), VAD_PORT)
    settings, own = split(ASR_BACKENDS, AsrSettings, **order["asr"])
    run.add("asr", AsrStage(ASR_BACKENDS.make(settings.backend, settings, own=own), settings, run.clock), ASR_PORT)
    out, at = [], 0
    with np.load(order["sounds"]) as sounds:
        for done, name in enumerate(order["names"]):
            pcm = sounds[name]
            begins_s, seen = run.now_s, len(run.records)
            for first in range(0, len(pcm) - FRAME + 1, FRAME):
                frame = AudioFrame(first_sample=at, pcm=pcm[first : first + FRAME], steady_ns=round(run.now_s * 1e9))
                run.send("mic/audio", frame)
                run.run(FRAME / RATE)
                at += FRAME
            news = [(r.at_s, r.message) for r in run.records[seen:] if r.topic == "mic/voice_activity"]
            out.append([round(at_s - begins_s, 3) for at_s, voice in news if voice.kind is VoiceKind.STOPPED])
            run.records.clear()
            print(f"{done + 1} of {len(order['names'])}", file=sys.stderr, flush=True)
    run.close()
    print(json.dumps(out), flush=True)


if __name__ == "__main__":
    main()
