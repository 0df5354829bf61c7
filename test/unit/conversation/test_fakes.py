"""A whole conversation of fakes on a virtual clock: all stages wired as in the kiosk, with the fake backends
that ship with the rooms (the renderer poses the built-in avatar and draws for nobody).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from avatar_ros.core.enums import AgentState, InterruptAction, Layer, PlaybackState, SayWhen
from avatar_ros.core.events import Say
from avatar_ros.core.peers import PeerChange
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.stage import build as build_dialogue
from avatar_ros.encoder.base import PORT as ENCODER_PORT
from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.stage import build as build_encoder
from avatar_ros.motion.base import PORT as MOTION_PORT
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build as build_motion
from avatar_ros.speaker.base import SPEAKER_PORT, SpeakerSettings
from avatar_ros.speaker.stage import build_speaker
from avatar_ros.tts.base import PORT as TTS_PORT
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build as build_tts
from fake_kiosk import Kiosk


def test_a_question_is_answered_aloud(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, ((1.0, 2.0),), ("hello there",), ("[happy] Hi there. How are you today?",))
    kiosk.until("turn_report")
    kiosk.run(40.0)
    assert kiosk.moods == [
        AgentState.IDLE,
        AgentState.LISTENING,
        AgentState.LISTENING,  # as before, and turn 1 is being prepared
        AgentState.THINKING,
        AgentState.SPEAKING,
        AgentState.LISTENING,
        AgentState.IDLE,
    ]
    (turn,) = kiosk.turns
    assert (turn["transcript"], turn["spoken"], turn["interrupted"]) == (
        "hello there",
        "Hi there. How are you today?",
        False,
    )
    assert [s.expression for s in kiosk.sent("speech/sentence")] == ["happy", ""]
    prepared = [turn["ms"][step] for step in ("first_reply", "first_tts", "first_expression")]
    delays = [turn["ms"][step] for step in ("voice_stop", "transcript", "first_sound")]
    assert prepared == sorted(prepared) and delays == sorted(delays)
    assert 160 <= delays[0] <= 220  # the short wait of a whole question, in windows of 32 ms
    assert abs(turn["ms"]["first_mouth"] - turn["ms"]["first_sound"]) < 40
    assert prepared[-1] < delays[0], "the answer was ready before the question was known to be over"
    assert turn["ms"]["first_sound"] - turn["ms"]["transcript"] < 30


def test_two_questions_and_their_answers(tmp_path: Path) -> None:
    kiosk = Kiosk(
        tmp_path,
        ((1.0, 2.0), (8.0, 9.0)),
        ("one", "two"),
        ("The first answer.", "The second answer."),
    )
    kiosk.run(20.0)
    assert [(t["turn"], t["spoken"]) for t in kiosk.turns] == [(1, "The first answer."), (2, "The second answer.")]
    last = kiosk.sent("dialogue/prompt")[-1]
    assert [message.text for message in last.history] == ["one", "The first answer."]


@pytest.mark.parametrize("heard", ["uh-huh", ""])
def test_uh_huh_and_coughs_only_make_it_pause(tmp_path: Path, heard: str) -> None:
    answer = "This is quite a long answer that goes on for a while."
    kiosk = Kiosk(tmp_path, ((1.0, 2.0), (4.0, 4.4)), ("tell me", heard), (answer,))
    kiosk.run(20.0)
    orders = [order.action for order in kiosk.sent("interrupt") if order.reason != "prepared"][1:]
    assert orders == [InterruptAction.PAUSE, InterruptAction.RESUME]
    (turn,) = kiosk.turns
    assert (turn["spoken"], turn["interrupted"]) == (answer, False)
    assert kiosk.silence_s(4.2, 4.65) > 0.44  # paused 0.2 s after the voice began, at the latest


def test_a_real_interruption_is_obeyed_and_remembered(tmp_path: Path) -> None:
    answer = "One two three four five six seven eight nine ten eleven twelve."
    kiosk = Kiosk(
        tmp_path,
        ((1.0, 2.0), (4.0, 5.0)),
        ("count", "what is next"),
        (answer, "Nothing."),
    )
    kiosk.run(20.0)
    first, second = kiosk.turns
    assert first["interrupted"]
    assert answer.startswith(first["spoken"]) and 3 <= len(first["spoken"].split()) <= 6
    assert second["spoken"] == "Nothing."
    assert [message.text for message in kiosk.sent("dialogue/prompt")[-1].history] == ["count", first["spoken"]]
    assert kiosk.silence_s(4.2, 5.15) > 0.94, "until the next answer begins"
    cancelled_s = kiosk.times("interrupt", action=InterruptAction.CANCEL, turn=1)[0]
    late = [
        r for r in kiosk.records if r.topic == "speech/audio" and r.message.turn == 1 and r.at_s > cancelled_s + 0.1
    ]
    assert not late


def test_ten_interruptions_in_a_row(tmp_path: Path) -> None:
    spans = tuple((1.0 + 3.0 * i, 2.0 + 3.0 * i) for i in range(11))
    heard = tuple(f"question {i}" for i in range(11))
    answers = ("A long answer that never comes to its end.",)
    kiosk = Kiosk(tmp_path, spans, heard, answers, idle_after_s=5.0)
    kiosk.run(48.0)
    assert [t["interrupted"] for t in kiosk.turns] == [True] * 10 + [False]
    assert kiosk.moods[-1] is AgentState.IDLE


def test_a_program_speaks_between(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, ((1.0, 2.0),), ("hello",), ("Hi there you.",))
    kiosk.send("say", Say(id="1", text="The museum closes soon.", when=SayWhen.QUEUE), after_s=2.6)
    result = kiosk.until("say_result")
    assert (result.id, result.done, result.spoken) == ("1", True, "The museum closes soon.")
    kiosk.run(2.0)
    assert [t["spoken"] for t in kiosk.turns] == ["Hi there you.", "The museum closes soon."]


def test_a_dialogue_that_restarts_in_the_middle_of_an_answer_is_not_mute(tmp_path: Path) -> None:
    kiosk = Kiosk(
        tmp_path,
        ((1.0, 2.0), (8.0, 9.0)),
        ("one", "two"),
        ("The first answer is long. " * 10, "The second answer."),
    )
    kiosk.until("state", state=AgentState.SPEAKING)
    kiosk.run(1.0)
    kiosk.remove("dialogue")
    kiosk.run(1.0)
    kiosk.add("dialogue", build_dialogue(kiosk.dialogue_settings), DIALOGUE_PORT)
    restarted_s = kiosk.now_s - 1000.0
    kiosk.run(15.0)
    assert kiosk.silence_s(restarted_s + 0.1, 8.0) == pytest.approx(8.0 - restarted_s - 0.1, abs=0.01)
    old, new = kiosk.turns
    assert old["interrupted"] and old["epoch"] < new["epoch"]
    assert (new["turn"], new["spoken"]) == (1, "The second answer.")


@pytest.mark.parametrize("dead", ["llm", "tts", "speaker", "encoder", "asr"])
def test_a_dead_stage_hangs_nothing(tmp_path: Path, dead: str) -> None:
    patience = {"think_patience_s": 5.0, "speak_patience_s": 4.0, "idle_after_s": 5.0}
    kiosk = Kiosk(tmp_path, ((1.0, 2.5),), ("hello",), ("Hi there.",), **patience)
    kiosk.remove(dead)
    kiosk.run(30.0)
    assert kiosk.moods[-1] is AgentState.IDLE
    spoken = [clock.turn for clock in kiosk.sent("speech/playback", state=PlaybackState.ENDED)]
    assert bool(spoken) == (dead in ("llm", "encoder", "asr"))  # it apologises, or has no voice to do it


LONG = "One two three four five six seven eight nine ten eleven twelve. And this is the end of it."
STAGES: dict[str, tuple[Any, Any]] = {
    "tts": (lambda: build_tts(TtsSettings(backend="fake", fallback="")), TTS_PORT),
    "speaker": (lambda: build_speaker(SpeakerSettings(backend="fake")), SPEAKER_PORT),
    "encoder": (lambda: build_encoder(EncoderSettings(backend="fake")), ENCODER_PORT),
    "motion": (lambda: build_motion(MotionSettings(backend="fake")), MOTION_PORT),
}


def killed_in_an_answer(folder: Path, dead: str) -> Kiosk:
    """A stage dies within an answer and is there again, knowing nothing, 1.3 s later."""
    kiosk = Kiosk(folder, ((1.0, 2.0),), ("count",), (LONG,))
    kiosk.run(3.0)
    kiosk.remove(dead)
    kiosk.run(0.9)
    kiosk.peer(f"{dead}_node", PeerChange.LOST)
    kiosk.run(0.4)
    make, port = STAGES[dead]
    kiosk.add(dead, make(), port)
    kiosk.peer(f"{dead}_node", PeerChange.RESTARTED)
    kiosk.run(20.0)
    return kiosk


@pytest.mark.parametrize("dead", ["tts", "speaker"])
def test_a_sentence_whose_voice_died_is_heard_again_from_its_beginning(tmp_path: Path, dead: str) -> None:
    kiosk = killed_in_an_answer(tmp_path, dead)
    (turn,) = kiosk.turns
    assert (turn["transcript"], turn["spoken"], turn["interrupted"]) == ("count", LONG, False)
    again = [chunk for chunk in kiosk.sent("speech/audio", turn=2) if len(chunk.pcm)]
    assert again[0].first_sample == 0 and again[0].text.startswith("One two")
    assert len(kiosk.sent("interrupt", action=InterruptAction.REPEAT)) == 1


@pytest.mark.parametrize("dead", ["encoder", "motion"])
def test_the_sound_goes_on_and_the_lips_return_when_what_makes_them_died(tmp_path: Path, dead: str) -> None:
    kiosk = killed_in_an_answer(tmp_path, dead)
    (turn,) = kiosk.turns
    assert (turn["turn"], turn["spoken"], turn["interrupted"]) == (1, LONG, False)
    assert not kiosk.sent("speech/playback", state=PlaybackState.STARVED)
    lips = kiosk.sent("motion/expression", turn=1, layer=Layer.SPEECH)
    end = kiosk.sent("speech/playback", state=PlaybackState.ENDED)[0].sample
    assert lips[-1].last and sum(face.sample > end // 2 for face in lips) > 20


def test_the_same_conversation_twice(tmp_path: Path) -> None:
    stories = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        kiosk = Kiosk(tmp_path / name, ((1.0, 2.0), (3.5, 4.5)), ("a", "b"), ("Go on and on.", "No."))
        kiosk.run(15.0)
        stories.append([(r.at_s, r.sender, r.topic) for r in kiosk.records])
    assert stories[0] == stories[1]


@pytest.mark.parametrize("jump_s", [86400.0, -86400.0])
def test_a_clock_of_the_system_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: Any, jump_s: float) -> None:
    def conversation(folder: Path, jumps: bool) -> list[tuple[float, AgentState]]:
        folder.mkdir()
        kiosk = Kiosk(folder, ((1.0, 2.0), (6.0, 7.0)), ("hello", "and now"), ("Hi there you.", "Good bye."))
        kiosk.run(2.2)
        if jumps:
            now_s = time.time() + jump_s
            monkeypatch.setattr(time, "time", lambda: now_s)
            monkeypatch.setattr(time, "time_ns", lambda: round(now_s * 1e9))
        kiosk.run(12.0)
        return list(zip(kiosk.times("state"), kiosk.moods, strict=True))

    steady = conversation(tmp_path / "a", jumps=False)
    assert AgentState.SPEAKING in [mood for _, mood in steady]
    assert conversation(tmp_path / "b", jumps=True) == steady
