"""Real stages from the recogniser to the loudspeaker: what is prepared is heard at once, or by nobody and nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avatar_ros.core.enums import AgentState, PlaybackState, VoiceKind
from avatar_ros.core.types import EVENT_COMPLETE, Transcript, VoiceActivity
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.display.captions import CaptionBoard
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.base import PORT as LLM_PORT
from avatar_ros.llm.stage import build as build_llm
from avatar_ros.monitor.base import PORT as MONITOR_PORT
from avatar_ros.monitor.base import MonitorSettings
from avatar_ros.monitor.stage import build as build_monitor
from avatar_ros.speaker.base import SPEAKER_PORT, SpeakerSettings
from avatar_ros.speaker.fake import FakeSpeaker
from avatar_ros.speaker.stage import SpeakerStage
from avatar_ros.tts.base import PORT as TTS_PORT
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build as build_tts
from harness import Harness


class Kiosk(Harness):
    def __init__(self) -> None:
        super().__init__(latency_s=0.002, admission=True)
        settings = SpeakerSettings(backend="fake", lips_wait_s=0.0)
        self.loudspeaker = FakeSpeaker(settings)
        self.add("dialogue", DialogueStage(DialogueSettings(), lambda: (7, "")), DIALOGUE_PORT)
        self.llm = self.add("llm", build_llm(LlmSettings(), LLM_BACKENDS.options("answers", seed=1)), LLM_PORT)
        self.add("tts", build_tts(TtsSettings(backend="fake", fallback="")), TTS_PORT)
        self.add("speaker", SpeakerStage(settings, self.loudspeaker), SPEAKER_PORT)
        self.monitor = self.add("monitor", build_monitor(MonitorSettings(give_up_after_s=3.0)), MONITOR_PORT)
        self.run(0.5)
        self.utterance = 0

    def begin(self, text: str) -> None:
        """The user asks a whole question, and has not stopped yet."""
        self.utterance += 1
        self.send("mic/voice_activity", VoiceActivity(utterance=self.utterance, kind=VoiceKind.STARTED))
        self.run(1.0)
        self.send("speech/transcript", Transcript(utterance=self.utterance, text=text, final=False, confidence=0.9,
                                                  events=(EVENT_COMPLETE,)))  # fmt: skip

    def finish(self, text: str, **fields: Any) -> None:
        self.send("mic/voice_activity", VoiceActivity(utterance=self.utterance, kind=VoiceKind.STOPPED))
        self.send("speech/transcript", Transcript(utterance=self.utterance, text=text, **fields))

    def heard_s(self) -> list[float]:
        """When the loudspeaker was loud."""
        return [at_s for at_s, pcm in self.loudspeaker.played if np.abs(pcm).max(initial=0) > 100]

    def captions(self) -> list[str]:
        """All that the screen ever said for the avatar, from the topics that it reads."""
        board, said = CaptionBoard(), []
        for record in self.records:
            if record.topic in ("speech/transcript", "speech/sentence", "speech/playback", "state"):
                board.hear(record.message, record.at_s)
                said.append(board.at(record.at_s).said)
        return [text for text in dict.fromkeys(said) if text]


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


def test_a_prepared_answer_waits_in_the_loudspeaker_and_is_heard_within_a_block(kiosk: Kiosk) -> None:
    kiosk.begin("what is your name")
    kiosk.run(1.0)
    assert kiosk.sent("speech/audio"), "its sound is there"
    assert kiosk.heard_s() == []
    assert AgentState.SPEAKING not in [state.state for state in kiosk.sent("state")]
    asked_s = kiosk.now_s
    kiosk.finish("What is your name?")
    kiosk.until("speech/playback", state=PlaybackState.ENDED)
    assert min(kiosk.heard_s()) - asked_s < 0.06
    kiosk.run(3.0)
    (report,) = kiosk.sent("turn_report")
    assert report.spoken and not report.interrupted
    assert report.utterance == 1
    assert report.first_tts_ms < 0 < report.first_sound_ms
    assert len(kiosk.sent("dialogue/prompt")) == 1


@pytest.mark.parametrize("how", ["other words", "nothing understood", "goes on"])
def test_a_person_who_goes_on_leaves_no_trace_of_what_was_prepared(kiosk: Kiosk, how: str) -> None:
    kiosk.begin("what is your name")
    kiosk.run(1.0)
    thrown_away = {sentence.text for sentence in kiosk.sent("speech/sentence")}
    assert thrown_away
    if how == "goes on":
        for kind in (VoiceKind.PAUSED, VoiceKind.RESUMED):
            kiosk.send("mic/voice_activity", VoiceActivity(utterance=1, kind=kind))
    else:
        kiosk.finish("how are you" if how == "other words" else "", rejected=how == "nothing understood")
        kiosk.until("speech/playback", state=PlaybackState.ENDED, turn=2)
    kiosk.run(8.0)
    told = [report.turn for report in kiosk.sent("turn_report")]
    assert told == ([] if how == "goes on" else [2])
    assert not thrown_away & set(kiosk.captions())
    assert not [clock for clock in kiosk.sent("speech/playback", turn=1) if clock.state is not PlaybackState.ENDED]
    assert all(not prompt.history for prompt in kiosk.sent("dialogue/prompt"))
    assert kiosk.llm.status()["answers"] == ("0" if how == "goes on" else "1")
    if how == "goes on":
        assert kiosk.heard_s() == []
        assert {state.state for state in kiosk.sent("state")} <= {AgentState.IDLE, AgentState.LISTENING}


def test_hundreds_that_are_thrown_away_fill_nothing(kiosk: Kiosk) -> None:
    """Turns that never were: the loudspeaker's queue, and what the monitor watches, stay empty."""
    for _ in range(100):
        kiosk.begin("what is your name")
        kiosk.run(0.3)
        kiosk.finish("", rejected=True, confidence=0.0, events=("cough",))
        kiosk.run(3.2)
    assert len(kiosk.sent("interrupt", reason="unheard")) > 50
    kiosk.run(20.0)
    kiosk.begin("what is your name")
    kiosk.run(0.5)
    kiosk.finish("what is your name")
    kiosk.until("speech/playback", state=PlaybackState.PLAYING)


