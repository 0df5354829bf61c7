"""A kiosk of fakes on a virtual clock: all stages wired as in the kiosk, with the fake backends of the rooms
(the renderer poses the built-in avatar and draws for nobody).
"""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.base import PORT as ASR_PORT
from avatar_ros.asr.stage import build as build_asr
from avatar_ros.core.clock import s_from_ns
from avatar_ros.core.enums import AgentState
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import build as build_dialogue
from avatar_ros.encoder.base import PORT as ENCODER_PORT
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.stage import build as build_encoder
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.base import PORT as LLM_PORT
from avatar_ros.llm.stage import build as build_llm
from avatar_ros.mic.base import MIC_PORT, MicSettings
from avatar_ros.mic.echo import make_echo
from avatar_ros.mic.fake import FakeMic
from avatar_ros.mic.stage import MicStage
from avatar_ros.monitor.base import PORT as MONITOR_PORT
from avatar_ros.monitor.base import MonitorSettings
from avatar_ros.monitor.stage import build as build_monitor
from avatar_ros.motion.base import PORT as MOTION_PORT
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build as build_motion
from avatar_ros.render.stage import PORT as RENDERER_PORT
from avatar_ros.render.stage import RendererSettings, RenderStage
from avatar_ros.speaker.base import SPEAKER_PORT, SpeakerSettings
from avatar_ros.speaker.stage import build_speaker
from avatar_ros.testing.settings import split
from avatar_ros.tts.base import PORT as TTS_PORT
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build as build_tts
from avatar_ros.vad.base import PORT as VAD_PORT
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.stage import build as build_vad
from harness import Harness

Spans = tuple[tuple[float, float], ...]


class AtOnce(Executor):
    """Does what it is given before it returns: time that is not the virtual clock's does not exist."""

    def submit(self, work, /, *args, **kwargs):
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 — as an executor does
            done.set_exception(error)
        return done


def microphone(spans: Spans) -> MicStage:
    """Hears a tone while the person speaks (seconds from the start), silence else."""
    settings = MicSettings(backend="fake", echo="off")
    mic = FakeMic(settings)
    for begin_s, end_s in spans:
        t = np.arange(round((end_s - begin_s) * LISTENING_RATE_HZ)) / LISTENING_RATE_HZ
        mic.script.append((begin_s, (8000 * np.sin(2 * np.pi * 200 * t)).astype(np.int16)))
    return MicStage(settings, mic, make_echo(settings))


class Kiosk(Harness):
    """The person speaks in `spans` (seconds from the start) and is understood as `heard`; each prompt is answered by
    the next of `answers`.
    """

    def __init__(
        self,
        folder: Path,
        spans: Spans = (),
        heard: tuple[str, ...] = (),
        answers: tuple[str, ...] = (),
        admission: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(latency_s=0.001, admission=admission)
        script = ", ".join(f"{begin}-{end}" for begin, end in spans)
        epoch_file = str(folder / "epoch")
        self.report = folder / "turns.json"
        self.dialogue_settings = DialogueSettings(epoch_file=epoch_file, **settings)
        self.renderer = RenderStage(RendererSettings(backend="fake"), tuple, self.clock, loader=AtOnce())
        self.add("renderer", self.renderer, RENDERER_PORT)
        self.add("vad", build_vad(*split(VAD_BACKENDS, VadSettings, backend="fake", script=script)), VAD_PORT)
        self.add("asr", build_asr(*split(ASR_BACKENDS, AsrSettings, backend="fake", script="|".join(heard))), ASR_PORT)
        self.add("speaker", build_speaker(SpeakerSettings(backend="fake")), SPEAKER_PORT)
        self.add("tts", build_tts(TtsSettings(backend="fake", fallback="")), TTS_PORT)
        self.add("motion", build_motion(MotionSettings(backend="fake")), MOTION_PORT)
        self.add("encoder", build_encoder(EncoderSettings(backend="fake")), ENCODER_PORT)
        self.add("dialogue", build_dialogue(self.dialogue_settings), DIALOGUE_PORT)
        llm = split(LLM_BACKENDS, LlmSettings, backend="fake", script=answers, fallback="")
        self.add("llm", build_llm(*llm), LLM_PORT)
        self.add("monitor", build_monitor(MonitorSettings(report=str(self.report))), MONITOR_PORT)
        self.add("mic", microphone(spans), MIC_PORT)

    @property
    def moods(self) -> list[AgentState]:
        return [state.state for state in self.sent("state")]

    @property
    def turns(self) -> list[dict[str, Any]]:
        return json.loads(self.report.read_text())["turns"]

    def silence_s(self, begin_s: float, end_s: float) -> float:
        """How much of an interval (seconds from the start) was silent at the speaker."""
        silent = 0
        for frame in self.sent("speech/played"):
            at_s = s_from_ns(frame.steady_ns) - 1000.0 + np.arange(len(frame.pcm)) / frame.sample_rate_hz
            silent += int(np.sum((at_s >= begin_s) & (at_s < end_s) & (np.abs(frame.pcm) < 30)))
        return silent / 24000
