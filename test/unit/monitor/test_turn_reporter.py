"""The monitor's figures, worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import InterruptAction, Layer, PlaybackState, VoiceKind
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import FrameInfo, Interrupt, TurnReport
from avatar_ros.core.types import (
    AudioFrame,
    Expression,
    PlaybackClock,
    Prompt,
    Reply,
    Sentence,
    SpeechChunk,
    Transcript,
    VoiceActivity,
)
from avatar_ros.monitor.base import PORT, MonitorSettings
from avatar_ros.monitor.onset import PlayedSound
from avatar_ros.monitor.report import turn_as_dict
from avatar_ros.monitor.stage import MonitorStage
from harness import Harness

START_S = 1000.0
RATE_HZ = 24000
LOUD = np.full(240, 5000, np.int16)
SILENT = np.full(240, 90, np.int16)  # -51 dBFS


class Scene(Harness):
    """Messages at times counted from the end of the user's speech."""

    def __init__(self, kind: type[MonitorStage] = MonitorStage, **settings: Any) -> None:
        super().__init__(start_s=START_S)
        self.stage = kind(MonitorSettings(**settings))
        self.add("monitor", self.stage, PORT)

    def at(self, ms: float, topic: str, message: Any) -> None:
        """Have it arrive `ms` after the end of the user's speech."""
        self.send(topic, message, after_s=START_S + 1.0 + ms / 1000 - self.now_s)

    def heard(self, utterance: int = 1, text: str = "hello", base_ms: float = 0.0) -> None:
        """A question whose last sample was spoken at `base_ms`."""
        end_ns = ns_from_s(START_S + 1.0 + base_ms / 1000)
        self.at(base_ms - 900, "mic/voice_activity", VoiceActivity("local", utterance, VoiceKind.STARTED))
        stopped = VoiceActivity("local", utterance, VoiceKind.STOPPED, steady_ns=end_ns)
        self.at(base_ms + 500, "mic/voice_activity", stopped)
        self.at(base_ms + 550, "speech/transcript", Transcript("local", utterance, text))

    def answered(self, turn: int = 1, text: str = "hello", base_ms: float = 0.0) -> None:
        """An answer that sounds from 700 ms on and whose mouth moves at 740 ms."""
        mark: dict[str, Any] = {"epoch": 5, "turn": turn}
        base_s = START_S + 1.0 + base_ms / 1000
        self.at(base_ms + 551, "dialogue/prompt", Prompt(**mark, text=text))
        self.at(base_ms + 560, "dialogue/reply", Reply(**mark, text=" "))
        self.at(base_ms + 570, "dialogue/reply", Reply(**mark, seq=1, text="[happy] Hi there. Bye."))
        self.at(base_ms + 571, "speech/sentence", Sentence(**mark, index=0, text="Hi there."))
        self.at(base_ms + 571, "speech/sentence", Sentence(**mark, index=1, text="Bye.", last=True))
        self.at(base_ms + 600, "speech/audio", SpeechChunk(**mark))
        self.at(base_ms + 610, "speech/audio", SpeechChunk(**mark, pcm=LOUD))
        self.at(base_ms + 615, "motion/expression", Expression(**mark, layer=Layer.IDLE))
        self.at(base_ms + 620, "motion/expression", Expression(**mark))
        # The sound that left the speaker before the turn is not the turn's; its first 10 ms are silent.
        for ms, pcm in ((640, LOUD), (690, SILENT), (700, LOUD)):
            frame = AudioFrame(sample_rate_hz=RATE_HZ, pcm=pcm, steady_ns=ns_from_s(base_s + ms / 1000))
            self.at(base_ms + ms - 20, "speech/played", frame)
        clock = PlaybackClock(**mark, sample=240, steady_ns=ns_from_s(base_s + 0.7))
        self.at(base_ms + 705, "speech/playback", clock)
        for ms, mouth_open in ((720, 0.01), (740, 0.3), (760, 0.5)):
            info = FrameInfo(**mark, speaking=True, mouth_open=mouth_open, steady_ns=ns_from_s(base_s + ms / 1000))
            self.at(base_ms + ms - 10, "frame_info", info)

    def ended(self, turn: int = 1, ms: float = 2000.0) -> None:
        self.at(ms, "speech/playback", PlaybackClock(epoch=5, turn=turn, state=PlaybackState.ENDED))

    @property
    def reports(self) -> list[TurnReport]:
        return self.sent("turn_report")


def test_a_turn_is_timed_step_by_step(tmp_path: Path) -> None:
    scene = Scene(report=str(tmp_path / "turns.json"))
    assert json.loads((tmp_path / "turns.json").read_text()) == {"turns": []}
    scene.heard()
    scene.answered()
    scene.ended()
    scene.run(5.0)
    (turn,) = json.loads((tmp_path / "turns.json").read_text())["turns"]
    assert turn == {
        "turn": 1,
        "epoch": 5,
        "utterance": 1,
        "transcript": "hello",
        "reply": "Hi there. Bye.",
        "spoken": "Hi there. Bye.",
        "interrupted": False,
        "ms": {
            "voice_stop": 500.0,
            "transcript": 550.0,
            "first_reply": 570.0,
            "first_tts": 610.0,
            "first_expression": 620.0,
            "first_sound": 700.0,
            "first_mouth": 740.0,
        },
    }
    (report,) = scene.reports
    assert turn_as_dict(report) == turn
    assert [p.name for p in tmp_path.iterdir()] == ["turns.json"]


def test_a_cancelled_turn_says_what_was_heard_of_it() -> None:
    scene = Scene()
    scene.heard()
    scene.answered()
    scene.at(900, "speech/playback", PlaybackClock(epoch=5, turn=1, sentence=0, sentence_progress=0.5))
    scene.at(1000, "interrupt", Interrupt(epoch=5, turn=1, action=InterruptAction.PAUSE))
    scene.at(1200, "interrupt", Interrupt(epoch=5, turn=1, action=InterruptAction.CANCEL))
    scene.ended(ms=1250)
    scene.run(5.0)
    (report,) = scene.reports
    assert report.interrupted
    assert (report.reply, report.spoken) == ("Hi there. Bye.", "Hi")
    assert report.first_sound_ms == pytest.approx(700.0)


def test_what_did_not_happen_is_null() -> None:
    scene = Scene(give_up_after_s=10.0)
    scene.heard()
    scene.at(551, "dialogue/prompt", Prompt(epoch=5, turn=1, text="hello"))
    scene.run(20.0)
    (report,) = scene.reports
    ms = turn_as_dict(report)["ms"]
    assert (ms["voice_stop"], ms["transcript"]) == (500.0, 550.0)
    assert [ms[step] for step in ("first_reply", "first_tts", "first_sound", "first_mouth")] == [None] * 4
    assert report.interrupted
    assert report.spoken == ""


def test_a_clock_that_comes_late_still_dates_the_first_sound() -> None:
    scene = Scene()
    scene.heard()
    scene.at(551, "dialogue/prompt", Prompt(epoch=5, turn=1, text="hello"))
    for ms, pcm in ((640, LOUD), (690, SILENT), (700, LOUD), (710, LOUD)):
        frame = AudioFrame(sample_rate_hz=RATE_HZ, pcm=pcm, steady_ns=ns_from_s(START_S + 1.0 + ms / 1000))
        scene.at(ms, "speech/played", frame)
    clock = PlaybackClock(epoch=5, turn=1, sample=12240, steady_ns=ns_from_s(START_S + 1.0 + 1.2))
    scene.at(1200, "speech/playback", clock)  # sample 0 was heard at 690 ms
    scene.ended()
    scene.run(5.0)
    assert scene.reports[0].first_sound_ms == pytest.approx(700.0)


def test_a_turn_that_nobody_asked_for_has_no_delays() -> None:
    scene = Scene(turns=1, leave_after_s=0.0)
    scene.at(0, "speech/sentence", Sentence(epoch=5, turn=1, text="Welcome.", last=True))
    scene.at(50, "speech/playback", PlaybackClock(epoch=5, turn=1, steady_ns=ns_from_s(START_S + 1.05)))
    scene.ended(ms=500)
    scene.run(5.0)
    (report,) = scene.reports
    assert (report.utterance, report.reply, report.spoken) == (0, "Welcome.", "Welcome.")
    assert math.isnan(report.first_sound_ms)
    assert not scene.stage.finished  # an answer was asked for


def test_each_prompt_finds_its_utterance() -> None:
    scene = Scene()
    scene.heard(1, "one")
    scene.heard(2, "two", base_ms=1000)
    scene.at(1560, "dialogue/prompt", Prompt(epoch=5, turn=1, text="one"))
    scene.at(1570, "dialogue/prompt", Prompt(epoch=5, turn=2, text="two"))
    scene.ended(1, 2000)
    scene.ended(2, 2500)
    scene.run(6.0)
    assert [(r.turn, r.utterance, r.transcript) for r in scene.reports] == [(1, 1, "one"), (2, 2, "two")]


def test_a_joined_question_counts_from_its_last_words() -> None:
    scene = Scene()
    scene.heard(1, "where is")
    scene.at(560, "dialogue/prompt", Prompt(epoch=5, turn=1, text="where is"))
    scene.heard(2, "the exit", base_ms=1000)
    scene.at(1560, "interrupt", Interrupt(epoch=5, turn=1))
    scene.answered(2, "where is the exit", base_ms=1010)
    scene.ended(2, 3000)
    scene.run(6.0)
    first, second = scene.reports
    assert (first.utterance, first.interrupted) == (1, True)
    assert (second.utterance, second.transcript_ms) == (2, pytest.approx(550.0))


def test_what_was_not_understood_has_its_utterance_too() -> None:
    scene = Scene()
    scene.at(100, "speech/transcript", Transcript("local", 4, "", rejected=True))
    scene.at(110, "dialogue/prompt", Prompt(epoch=5, turn=1, rejected=True))
    scene.ended(ms=300)
    scene.run(3.0)
    assert [r.utterance for r in scene.reports] == [4]


def test_late_news_of_a_reported_turn_makes_no_second_report() -> None:
    scene = Scene()
    scene.heard()
    scene.answered()
    scene.ended()
    scene.at(3000, "frame_info", FrameInfo(epoch=5, turn=1, speaking=True, mouth_open=0.5))
    scene.at(3000, "speech/audio", SpeechChunk(epoch=5, turn=1, pcm=LOUD))
    scene.at(3000, "speech/playback", PlaybackClock(epoch=5, turn=9))
    scene.run(90.0)
    assert len(scene.reports) == 1


def test_other_sessions_are_not_watched() -> None:
    scene = Scene()
    scene.at(0, "dialogue/prompt", Prompt(session="web", epoch=5, turn=1, text="hello"))
    scene.run(90.0)
    assert not scene.reports


def test_it_leaves_after_so_many_answers() -> None:
    scene = Scene(turns=2, linger_s=0.5)
    for turn in (1, 2):
        scene.heard(turn, base_ms=3000 * (turn - 1))
        scene.answered(turn, base_ms=3000 * (turn - 1))
        scene.ended(turn, 3000 * (turn - 1) + 2000)
    scene.run(6.2)  # the second ended at 6.0; stragglers have 0.3 s
    assert len(scene.reports) == 1
    scene.run(0.3)
    assert len(scene.reports) == 2
    assert not scene.stage.finished
    scene.run(0.6)
    assert scene.stage.finished


def test_it_leaves_when_nobody_says_anything() -> None:
    scene = Scene(turns=1, leave_after_s=20.0)
    scene.at(5000, "mic/voice_activity", VoiceActivity("local", 1, VoiceKind.STARTED))
    scene.run(25.0)
    assert not scene.stage.finished
    scene.run(5.0)
    assert scene.stage.finished
    assert scene.stage.failure.startswith("0 of the 1 answers"), "a run without its turns is no success"
    patient = Scene()
    patient.run(500.0)
    assert not patient.stage.finished


def test_fewer_answers_than_asked_for_are_no_success() -> None:
    scene = Scene(turns=2, leave_after_s=20.0)
    scene.heard()
    scene.answered()
    scene.ended(ms=2000)
    scene.run(30.0)
    assert scene.stage.finished
    assert "1 of the 2 answers" in scene.stage.failure


def test_silence_does_not_count_while_nodes_are_still_starting() -> None:
    scene = Scene(turns=1, leave_after_s=20.0)
    assert scene.stage.awaits_conversation
    scene.stage.missing = frozenset({"asr_node"})
    scene.run(200.0)
    assert not scene.stage.finished
    scene.stage.missing = frozenset()
    scene.run(15.0)
    assert not scene.stage.finished
    scene.heard(1, base_ms=215_000)
    scene.answered(1, base_ms=215_000)
    scene.ended(1, 217_000)
    scene.run(5.0)
    assert scene.stage.finished and not scene.stage.failure


def test_nodes_that_never_come_are_named() -> None:
    scene = Scene(turns=1, leave_after_s=20.0)
    scene.stage.missing = frozenset({"asr_node", "tts_node"})
    scene.run(330.0)
    assert scene.stage.finished
    assert "asr_node, tts_node did not come" in scene.stage.failure


def test_a_report_that_cannot_be_written_is_known_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the report"):
        Scene(report=str(tmp_path / "no" / "turns.json"))


def test_sound_counts_from_its_first_sample_over_the_threshold() -> None:
    played = PlayedSound(-50.0)
    pcm = np.zeros(480, np.int16)
    pcm[300:310] = -2000
    played.add(AudioFrame(sample_rate_hz=24000, pcm=pcm, steady_ns=ns_from_s(10.0)), 10.0)
    assert played.first_after(9.0) == pytest.approx(10.0 + 300 / 24000)
    assert played.first_after(10.0 + 305 / 24000) == pytest.approx(10.0 + 305 / 24000)
    assert played.first_after(10.1) is None
    played.add(AudioFrame(sample_rate_hz=24000, pcm=np.full(10, -32768, np.int16), steady_ns=ns_from_s(16.0)), 16.0)
    assert played.first_after(0.0) == pytest.approx(16.0)  # what is older was forgotten


def test_a_prompt_may_arrive_before_its_transcript():
    """Two topics: DDS promises no order between them."""
    scene = Scene()
    for turn, text in enumerate(("what time is it", "who made you"), 1):
        base_ms = 5000.0 * (turn - 1)
        scene.heard(turn, text, base_ms)
        scene.answered(turn, text, base_ms - 10)  # its prompt at 541 ms, the transcript at 550 ms
        scene.ended(turn, base_ms + 2000)
    scene.run(12)
    assert [report.utterance for report in scene.reports] == [1, 2]
    assert [report.transcript for report in scene.reports] == ["what time is it", "who made you"]
    assert all(report.transcript_ms == pytest.approx(550, abs=2) for report in scene.reports)


@pytest.mark.parametrize("resumed_ms", [545, 555], ids=["the order first", "the prompt first"])
def test_an_answer_that_was_prepared_counts_once_it_is_wanted(resumed_ms):
    """Orders overtake messages: on a busy machine the prompt comes after the RESUME that confirms it."""
    scene = Scene(turns=1)
    scene.heard()
    scene.at(550, "dialogue/prompt", Prompt(epoch=5, turn=1, text="hello", speculative=True))
    scene.at(resumed_ms, "interrupt", Interrupt(epoch=5, turn=1, action=InterruptAction.RESUME, reason="prepared"))
    scene.at(560, "speech/sentence", Sentence(epoch=5, turn=1, text="Hi.", last=True))
    scene.ended()
    scene.run(20)
    (report,) = scene.reports
    assert (report.turn, report.transcript) == (1, "hello")
    assert scene.stage.finished and not scene.stage.failure


def test_what_was_prepared_and_thrown_away_takes_no_question_from_the_answer():
    scene = Scene(turns=1)
    scene.at(540, "dialogue/prompt", Prompt(epoch=5, turn=1, text="hello", speculative=True))
    scene.heard()  # its transcript at 550 ms
    scene.at(560, "interrupt", Interrupt(epoch=5, turn=1, action=InterruptAction.CANCEL, reason="unheard"))
    scene.at(561, "dialogue/prompt", Prompt(epoch=5, turn=2, text="hello"))
    scene.at(570, "speech/sentence", Sentence(epoch=5, turn=2, text="Hi.", last=True))
    scene.ended(turn=2)
    scene.run(20)
    (report,) = scene.reports
    assert (report.turn, report.transcript) == (2, "hello")
    assert scene.stage.finished and not scene.stage.failure


def test_an_unanswered_utterance_of_long_ago_is_not_taken_for_the_question():
    scene = Scene()
    scene.heard(1, "nobody answered this")
    scene.heard(2, "how do you work", 30000)
    scene.answered(2, "how do you really work", 30000)
    scene.ended(2, 33000)
    scene.run(36)
    (report,) = scene.reports
    assert report.utterance == 2


def test_a_turn_that_is_said_again_is_one_turn() -> None:
    scene = Scene()
    scene.heard()
    scene.answered()
    played = PlaybackClock(epoch=5, turn=1, sentence=1, sentence_progress=0.5)
    scene.at(1000, "speech/playback", played)
    scene.at(1100, "interrupt", Interrupt(epoch=5, turn=1, action=InterruptAction.REPEAT))
    scene.at(1101, "speech/sentence", Sentence(epoch=5, turn=2, text="Bye."))
    scene.at(1150, "dialogue/reply", Reply(epoch=5, turn=1, seq=2, text=" So long.", final=True))
    scene.at(1151, "speech/sentence", Sentence(epoch=5, turn=2, index=1, text="So long.", last=True))
    scene.at(1160, "speech/audio", SpeechChunk(epoch=5, turn=1, pcm=LOUD))  # late, void
    scene.at(1200, "speech/playback", PlaybackClock(epoch=5, turn=2, sample=240))
    scene.ended(turn=2)
    scene.run(60.0)
    [report] = scene.reports
    assert (report.turn, report.transcript, report.interrupted) == (2, "hello", False)
    assert report.spoken == report.reply == "Hi there. Bye. So long."
    assert report.first_sound_ms == pytest.approx(700, abs=15)


class AllEars(MonitorStage):
    """The reference: hears everything."""

    def heeds(self, topic: str, message: Any) -> bool:
        return True


def test_what_it_does_not_heed_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: dict[type, int] = {}
    push = MonitorStage.push

    def counted(self: MonitorStage, topic: str, message: Any, now_s: float) -> Any:
        taken[type(self)] = taken.get(type(self), 0) + 1
        return push(self, topic, message, now_s)

    monkeypatch.setattr(MonitorStage, "push", counted)
    reports = []
    for kind in (AllEars, MonitorStage):
        scene = Scene(kind)
        for turn in range(1, 4):
            scene.heard(turn, f"question {turn}", base_ms=5000 * turn)
            scene.answered(turn, f"question {turn}", base_ms=5000 * turn)
            scene.ended(turn, ms=5000 * turn + 2000)
            for ms in range(0, 400, 20):
                scene.at(5000 * turn + 760 + ms, "speech/played", AudioFrame(sample_rate_hz=RATE_HZ, pcm=LOUD))
                scene.at(5000 * turn + 760 + ms, "motion/expression", Expression(epoch=5, turn=turn, sample=480 * ms))
                scene.at(5000 * turn + 760 + ms, "frame_info", FrameInfo(epoch=5, turn=turn, speaking=True))
        scene.run(40.0)
        reports.append(scene.sent("turn_report"))
    assert len(reports[0]) == 3 and all(math.isfinite(report.first_mouth_ms) for report in reports[0])
    assert repr(reports[0]) == repr(reports[1])
    assert taken[MonitorStage] < taken[AllEars] / 3


def test_what_comes_by_the_hundred_wakes_it_only_for_a_turns_first() -> None:
    stage = MonitorStage(MonitorSettings())
    often = {"motion/expression", "speech/played", "frame_info"}
    mark: dict[str, Any] = {"epoch": 5, "turn": 1}

    def take(topic: str, message: Any) -> None:
        assert stage.heeds(topic, message)
        stage.foresee(topic, message, START_S)
        assert list(stage.push(topic, message, START_S)) == []

    assert stage.drowsy() == often  # nobody speaks
    stage.foresee("dialogue/prompt", Prompt(**mark), START_S)
    assert stage.drowsy() == set()  # before the worker has dealt with it, too
    take("dialogue/prompt", Prompt(**mark))
    take("motion/expression", Expression(**mark))
    assert stage.drowsy() == {"motion/expression"}
    take("speech/played", AudioFrame(sample_rate_hz=RATE_HZ, pcm=LOUD, steady_ns=ns_from_s(START_S)))
    take("speech/playback", PlaybackClock(**mark, steady_ns=ns_from_s(START_S)))
    take("frame_info", FrameInfo(**mark, speaking=True, mouth_open=0.5, steady_ns=ns_from_s(START_S)))
    assert stage.drowsy() == often
    stage.foresee("speech/sentence", Sentence(epoch=5, turn=2), START_S)
    assert stage.drowsy() == set()
