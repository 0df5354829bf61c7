"""The product's own stages on the harness's clock, which follows the wall's: what the page's tests talk with."""

from __future__ import annotations

import queue
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.enums import AgentState, InterruptAction, Layer, VoiceKind
from avatar_ros.core.events import AvatarState, Interrupt
from avatar_ros.core.types import Expression, Sentence, SpeechChunk, Transcript, VoiceActivity
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import build as build_dialogue
from avatar_ros.encoder.base import PORT as ENCODER_PORT
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.stage import build as build_encoder
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.base import PORT as LLM_PORT
from avatar_ros.llm.stage import build as build_llm
from avatar_ros.motion.base import PORT as MOTION_PORT
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build as build_motion
from avatar_ros.testing.harness import Harness
from avatar_ros.tts.base import PORT as TTS_PORT
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build as build_tts
from avatar_ros.vad.base import PORT as VAD_PORT
from avatar_ros.vad.base import VadSettings
from avatar_ros.vad.stage import build as build_vad

STEP_S = 0.01
ACTIONS = {action: action.name.lower() for action in InterruptAction}


class Graph:
    """The stages, run in a thread of their own; `tell` is called there with what the page should get."""

    def __init__(self, folder: Path, answers_file: Path | None = None) -> None:
        self.harness = Harness(start_s=time.monotonic())
        self.tell: Callable[[dict | bytes], None] = lambda _: None
        self._todo: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.seq = self.turn = self.epoch = 0
        self._stop = threading.Event()
        answers = LlmSettings() if answers_file is None else LlmSettings(answers_file=str(answers_file))
        self.harness.add("vad", build_vad(VadSettings()), VAD_PORT)
        self.harness.add("tts", build_tts(TtsSettings()), TTS_PORT)
        self.harness.add("encoder", build_encoder(EncoderSettings()), ENCODER_PORT)
        self.harness.add("expression", build_motion(MotionSettings()), MOTION_PORT)
        self.harness.add("llm", build_llm(answers, LLM_BACKENDS.options("answers", seed=1)), LLM_PORT)
        self.harness.add("dialogue", build_dialogue(DialogueSettings(epoch_file=str(folder / "epoch"))), DIALOGUE_PORT)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, topic: str, message: Any) -> None:
        """From any thread."""
        self._todo.put((topic, message))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self.harness.close()

    def _run(self) -> None:
        while not self._stop.wait(STEP_S):
            while not self._todo.empty():
                self.harness.send(*self._todo.get())
            self.harness.run(max(0.0, time.monotonic() - self.harness.now_s))
            records = self.harness.records
            for record in records:
                self._tell(record.message)
            records.clear()

    def _tell(self, message: Any) -> None:
        frame = self._frame(message)
        if frame is not None:
            self.tell(frame)

    def _frame(self, m: Any) -> dict | bytes | None:
        if isinstance(m, Expression) and m.layer is Layer.IDLE:
            return face_bytes(m, 0)
        self.seq += 1
        if isinstance(m, SpeechChunk):
            flags = m.sentence_end + 2 * m.turn_end
            place = (m.turn, m.first_sample, m.sample_rate_hz, len(m.pcm))
            return struct.pack("<BBHIIIII", 1, flags, m.sentence, self.seq, *place) + m.pcm.tobytes()
        if isinstance(m, Expression):
            return face_bytes(m, self.seq)
        if isinstance(m, AvatarState):
            self.turn, self.epoch = m.turn, m.epoch
            return {"kind": "state", "seq": self.seq, "turn": m.turn, "state": AgentState(m.state).name.lower()}
        if isinstance(m, Sentence):
            return {"kind": "sentence", "seq": self.seq, "turn": m.turn, "index": m.index, "text": m.text,
                    "locale": m.locale, "expression": m.expression, "last": m.last}  # fmt: skip
        if isinstance(m, Interrupt):
            return {"kind": "order", "seq": self.seq, "turn": m.turn, "action": ACTIONS[m.action]}
        if isinstance(m, Transcript):
            return {"kind": "heard", "seq": self.seq, "utterance": m.utterance, "text": m.text, "final": m.final,
                    "rejected": m.rejected}  # fmt: skip
        if isinstance(m, VoiceActivity) and m.kind in (VoiceKind.STARTED, VoiceKind.STOPPED):
            return {"kind": "voice", "seq": self.seq, "speaking": m.kind is VoiceKind.STARTED}
        return None



def face_bytes(m: Expression, seq: int) -> bytes:
    """A FACE frame."""
    speech = m.layer is Layer.SPEECH
    head = struct.pack("<BBHIIIIId", 2 if speech else 3, m.last, 52, seq, m.turn, m.sample if speech else 0,
                       m.sample_rate_hz, 0, m.steady_ns * 1e-9)  # fmt: skip
    pose = struct.pack("<7f", *m.head_rotation, *m.head_translation)
    return head + pose + np.round(np.clip(m.weights, 0, 1) * 65535).astype("<u2").tobytes()
