"""A kiosk without a face in a simulated room, on a virtual clock: the real ears, answers and voice, in a fraction of
the time that the conversation would take, and always the same.

    kiosk = VirtualKiosk(tmp_path, "answers.yaml")
    turn = kiosk.asked("when does the next boat leave")
    assert turn.heard == "when does the next boat leave" and "quarter past" in turn.answer
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..asr.base import ASR_BACKENDS, AsrSettings
from ..asr.base import PORT as ASR_PORT
from ..asr.stage import AsrStage
from ..core.arrays import F32
from ..core.enums import PlaybackState
from ..core.types import Transcript
from ..dialogue.base import PORT as DIALOGUE_PORT
from ..dialogue.base import DialogueSettings
from ..dialogue.stage import build as build_dialogue
from ..llm.base import LLM_BACKENDS, LlmSettings
from ..llm.base import PORT as LLM_PORT
from ..llm.stage import build as build_llm
from ..mic.base import MIC_PORT, MicSettings
from ..mic.echo import make_echo
from ..mic.stage import MicStage
from ..speaker.base import SPEAKER_PORT, SpeakerSettings
from ..speaker.stage import SpeakerStage
from ..speech.resample import Resampler
from ..tts.base import PORT as TTS_PORT
from ..tts.base import TtsSettings
from ..tts.stage import build as build_tts
from ..vad.base import PORT as VAD_PORT
from ..vad.base import VadSettings
from ..vad.stage import build as build_vad
from .acoustic_room import Devices, Echo, RoomMic, RoomSpeaker, at_level
from .harness import Harness
from .spoken_questions import RATE_HZ, speak

#: Between two processes of one computer.
LATENCY_S = 0.002
#: Before somebody speaks, and before a turn that never ends is given up.
PAUSE_S, LONGEST_TURN_S = 0.5, 120.0
SHIPPED_ANSWERS = AsrSettings().answers_file
#: What a loudspeaker's voice loses on its way to the microphone, as a share of its amplitude.
_ECHO = 0.05


class AnsweredQuestion(NamedTuple):
    """A question as it was understood ("" where it was not), and all sentences of the answer that was spoken to it."""

    heard: str
    answer: str


class VirtualKiosk(Harness):
    """folder: for the epoch file; answers_file: as the parameter of asr_node and llm_node.

    taps: the room's impulse response from loudspeaker to microphone at 16 kHz, its gain included; mic: whoever speaks,
    speaks there (`mic.say`); locale: the kiosk's.
    """

    def __init__(
        self,
        folder: Path,
        answers_file: str | Path = SHIPPED_ANSWERS,
        *,
        taps: F32 | None = None,
        devices: Devices | None = None,
        locale: str = "en-US",
    ) -> None:
        super().__init__(latency_s=LATENCY_S)
        speaker_settings = SpeakerSettings(backend="fake", lips_wait_s=0.0)
        mic_settings = MicSettings(backend="fake", echo="webrtc")
        speaker = RoomSpeaker(speaker_settings)
        echo = Echo(np.array([_ECHO], np.float32) if taps is None else taps, RATE_HZ, (devices or Devices()).distortion)
        self.mic = RoomMic(mic_settings, speaker, echo, devices=devices)
        file = str(answers_file)
        self.add("speaker", SpeakerStage(speaker_settings, speaker), SPEAKER_PORT)
        self.add("mic", MicStage(mic_settings, self.mic, make_echo(mic_settings)), MIC_PORT)
        self.add("vad", build_vad(VadSettings(locale=locale)), VAD_PORT)
        self.add("asr", self._ears(AsrSettings(answers_file=file, locale=locale)), ASR_PORT)
        self.add("tts", build_tts(TtsSettings(locale=locale)), TTS_PORT)
        answers = LlmSettings(answers_file=file, locale=locale)
        self.add("llm", build_llm(answers, LLM_BACKENDS.options("answers", seed=1)), LLM_PORT)
        dialogue = DialogueSettings(epoch_file=str(folder / "epoch"), locale=locale)
        self.add("dialogue", build_dialogue(dialogue), DIALOGUE_PORT)

    def _ears(self, settings: AsrSettings) -> AsrStage:
        """On the virtual clock: a host that is busy hears no less than another."""
        return AsrStage(ASR_BACKENDS.make(settings.backend, settings), settings, self.clock)

    def asked(self, question: str, dbfs: float = -26.0) -> AnsweredQuestion:
        """espeak-ng asks it, with that active level at the microphone."""
        spoken = Resampler(RATE_HZ).push(speak([question])[0]) / 32768
        self.run(PAUSE_S)
        self.mic.say(self.now_s, at_level(spoken.astype(np.float32), dbfs))
        heard = self.until("speech/transcript", within_s=LONGEST_TURN_S, final=True)
        return self._answered(heard)

    def understood(self, question: str, locale: str = "") -> AnsweredQuestion:
        """As if it had been heard, in this language, without a mistake: what is answered, however it is pronounced."""
        self.run(PAUSE_S)
        heard = Transcript(utterance=len(self.sent("speech/transcript")) + 1, text=question, locale=locale)
        self.send("speech/transcript", heard)
        return self._answered(heard)

    def _answered(self, heard: Transcript) -> AnsweredQuestion:
        played = self.until("speech/playback", within_s=LONGEST_TURN_S, state=PlaybackState.ENDED)
        said = self.sent("speech/sentence", turn=played.turn)
        return AnsweredQuestion(heard.text, " ".join(sentence.text for sentence in said if sentence.text))
