"""A node dies while it is needed: the sentence is said again, the question asked again, or the turn ends in time."""

from __future__ import annotations

import pytest
from dialogue_talk import EPOCH, Talk

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState
from avatar_ros.core.events import SayResult
from avatar_ros.core.peers import PeerChange

LOST, BACK, RESTARTED = PeerChange.LOST, PeerChange.BACK, PeerChange.RESTARTED
PAUSE, RESUME, CANCEL, REPEAT = (
    InterruptAction.PAUSE,
    InterruptAction.RESUME,
    InterruptAction.CANCEL,
    InterruptAction.REPEAT,
)
TTS, SPEAKER, LLM, ASR, VAD = "tts_node", "speaker_node", "llm_node", "asr_node", "vad_node"
ANSWER = "This is the first one. This is the second one. This is the third one."
EITHER = pytest.mark.parametrize("node", [TTS, SPEAKER])


def spoken_in(talk: Talk, turn: int) -> list[str]:
    return [s.text for s in talk.sent("speech/sentence", turn=turn)]


def die(talk: Talk, node: str, away_s: float = 1.3) -> None:
    """It is killed and started again."""
    talk.run(0.9)
    talk.peer(node, LOST)
    talk.run(max(0.0, away_s - 0.9))
    talk.peer(node, RESTARTED)
    talk.run(0.1)


def run_dry(talk: Talk, sentence: int, progress: float) -> None:
    """The speaker has played what it had."""
    talk.play(sentence, progress, PlaybackState.STARVED)
    talk.run(0.1)


def results(talk: Talk) -> list[tuple[str, bool, str, str]]:
    found: list[SayResult] = talk.sent("say_result")
    return [(r.id, r.done, r.spoken, r.reason) for r in found]


def test_the_sentence_is_said_again_from_its_beginning_when_the_speaker_died() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    talk.play(1, 0.4)
    die(talk, SPEAKER)
    assert talk.orders[-1] == (REPEAT, 1, "speaker_lost")
    assert spoken_in(talk, 2) == ["This is the second one.", "This is the third one."]
    assert [s.index for s in talk.sent("speech/sentence", turn=2)] == [0, 1]
    assert [s.last for s in talk.sent("speech/sentence", turn=2)] == [False, True]
    talk.play(0, 0.5)
    talk.end()
    talk.ask("go on")
    assert talk.history == ["u: tell me", f"a: {ANSWER}"]


def test_what_the_speaker_still_has_is_heard_before_a_dead_voice_says_it_again() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    talk.play(1, 0.2)
    die(talk, TTS)
    talk.play(1, 0.7)
    assert REPEAT not in talk.actions
    run_dry(talk, 1, 0.8)
    assert spoken_in(talk, 2)[0] == "This is the second one."


def test_a_turn_whose_sound_was_all_there_ends_as_if_nothing_had_died() -> None:
    talk = Talk()
    talk.say("It is only this.")
    talk.play(0, 0.4)
    die(talk, TTS)
    talk.end()
    assert results(talk) == [("a", True, "It is only this.", "")]
    assert REPEAT not in talk.actions and CANCEL not in talk.actions


@EITHER
def test_the_answer_goes_on_coming_under_its_first_number(node: str) -> None:
    talk = Talk()
    talk.ask("tell me")
    talk.reply("This is the first one. ", final=False)
    talk.play(0, 0.3)
    die(talk, node)
    run_dry(talk, 0, 0.3)
    talk.reply("This is the second one.", 1, turn=1)
    assert spoken_in(talk, 2) == ["This is the first one.", "This is the second one."]
    assert not talk.cancels()


@EITHER
def test_a_death_while_nothing_is_said_costs_nothing(node: str) -> None:
    talk = Talk()
    die(talk, node)
    assert not talk.sent("interrupt") and not talk.sent("speech/sentence")
    talk.answer("tell me", ANSWER)
    assert spoken_in(talk, 1) and REPEAT not in talk.actions


@EITHER
def test_a_node_that_was_only_stopped_says_nothing_twice(node: str) -> None:
    talk = Talk()
    talk.ask("tell me")
    talk.reply("This is the first one. ", final=False)
    talk.play(0, 0.3)
    talk.run(0.9)
    talk.peer(node, LOST)
    talk.reply("This is the second one.", 1)
    assert len(talk.sentences) == 1, "kept until it can be spoken"
    talk.run(4.1)
    talk.peer(node, BACK)
    talk.run(0.5)
    assert talk.sentences == ["This is the first one.", "This is the second one."]
    assert talk.actions == []


@EITHER
def test_a_question_that_is_answered_while_the_node_is_away_is_heard_when_it_is_back(node: str) -> None:
    talk = Talk()
    talk.peer(node, LOST)
    talk.ask("tell me")
    talk.reply(ANSWER)
    talk.run(1.0)
    assert not talk.sentences
    talk.peer(node, RESTARTED)
    talk.run(0.1)
    assert " ".join(talk.sentences) == ANSWER


@pytest.mark.parametrize(("node", "why"), [(TTS, "voice_lost"), (SPEAKER, "speaker_lost")])
def test_a_node_that_does_not_come_back_ends_the_turn_in_time_and_says_why(node: str, why: str) -> None:
    talk = Talk(peer_patience_s=5.0)
    talk.say("This is the first one. This is the second one.")
    talk.play(1, 0.0)
    talk.run(0.9)
    talk.peer(node, LOST)
    if node == TTS:
        run_dry(talk, 1, 0.0)
    talk.run(5.5)
    assert talk.orders[-1] == (CANCEL, 1, why)
    assert results(talk) == [("a", False, "This is the first one.", why)]
    talk.run(60.0)
    assert talk.state is AgentState.IDLE


@EITHER
def test_a_node_that_dies_each_time_is_not_tried_for_ever(node: str) -> None:
    talk = Talk()
    talk.say("This is the first one.")
    for _ in range(10):
        talk.play(0, 0.2)
        die(talk, node)
        run_dry(talk, 0, 0.2)
    assert len(results(talk)) == 1 and not results(talk)[0][1]
    assert talk.actions.count(REPEAT) == 3


def test_a_beginning_that_the_new_speaker_did_not_get_is_said_once_more() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    die(talk, SPEAKER)
    talk.play(0, 0.0, sample=48000)
    talk.run(0.1)
    assert [turn for action, turn, _ in talk.orders if action is REPEAT] == [1, 2]
    talk.play(0, 0.0)
    talk.play(0, 0.5, sample=48000)
    talk.run(60.0)
    assert talk.actions.count(REPEAT) == 2


def test_nobody_is_spoken_over_by_what_is_said_again() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    talk.speak()
    die(talk, SPEAKER, 1.0)
    assert talk.orders[-1][0] is PAUSE and len(talk.sentences) == 3
    talk.hush()
    talk.words("uh-huh")
    talk.run(0.2)
    assert talk.actions[-2:] == [RESUME, REPEAT]
    assert spoken_in(talk, 2)[0] == "This is the first one."


def test_who_interrupts_the_silence_is_answered() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    talk.peer(SPEAKER, LOST)
    talk.ask("something else")
    assert talk.orders[-1] == (CANCEL, 1, "interrupted")
    assert talk.prompts[-1] == "something else"
    talk.peer(SPEAKER, RESTARTED)
    talk.run(1.0)
    assert REPEAT not in talk.actions


def test_a_stray_clock_of_the_former_number_does_not_void_the_answer() -> None:
    talk = Talk()
    talk.ask("tell me")
    talk.reply("This is the first one. ", final=False)
    talk.play(0, 0.3)
    die(talk, SPEAKER)
    talk.run(1.0)
    talk.play(0, 0.4, turn=1)
    assert not talk.cancels()
    talk.play(0, 0.4, turn=1, epoch=EPOCH - 1)
    talk.run(1.0)
    talk.play(0, 0.4, turn=9, epoch=EPOCH - 1)
    assert talk.cancels(), "what a dialogue before this one left behind falls silent"


# --- who thinks, who listens --------------------------------------------------------------------------------------


def test_the_question_is_asked_again_when_the_llm_is_back() -> None:
    talk = Talk(greeting="Welcome!")
    talk.ask("tell me")
    talk.reply("It is", final=False)
    die(talk, LLM)
    assert talk.prompts == ["tell me", "tell me"]
    talk.reply("Another answer.", 0)
    assert talk.sentences == ["Welcome!", "Another answer."]


def test_an_answer_that_was_begun_is_not_mixed_with_another() -> None:
    talk = Talk()
    talk.ask("tell me")
    talk.reply("This is the first one. And then", final=False)
    die(talk, LLM)
    assert talk.prompts == ["tell me"]
    assert talk.sentences[0] == "This is the first one." and talk.sent("speech/sentence")[-1].last


def test_an_llm_that_was_only_stopped_is_not_asked_twice() -> None:
    talk = Talk()
    talk.ask("tell me")
    talk.peer(LLM, LOST)
    talk.run(4.0)
    talk.peer(LLM, BACK)
    talk.run(0.1)
    assert talk.prompts == ["tell me"]


def test_an_llm_that_does_not_come_back_is_apologised_for_in_time() -> None:
    talk = Talk(peer_patience_s=5.0)
    talk.ask("tell me")
    talk.peer(LLM, LOST)
    talk.run(5.5)
    assert "cannot answer" in talk.sentences[-1]


def test_a_question_that_died_with_the_recogniser_is_asked_for_again_aloud() -> None:
    talk = Talk()
    talk.speak()
    talk.run(1.0)
    talk.hush()
    die(talk, ASR)
    assert " ".join(talk.sentences) == "I am sorry, I missed that. Could you say it again?"
    talk.words("a straggler")
    assert not talk.prompts
    talk.play()
    talk.end()
    talk.ask("tell me")
    assert talk.prompts == ["tell me"]


def test_a_recogniser_that_was_only_slow_still_answers() -> None:
    talk = Talk()
    talk.speak()
    talk.run(1.0)
    talk.hush()
    talk.peer(ASR, LOST)
    talk.run(3.0)
    talk.peer(ASR, BACK)
    talk.words("tell me")
    assert talk.prompts == ["tell me"] and not talk.sentences


def test_a_voice_whose_end_died_with_the_detector_holds_the_turn_no_longer() -> None:
    talk = Talk()
    talk.answer("tell me", ANSWER)
    talk.speak()
    assert talk.actions == [PAUSE]
    die(talk, VAD)
    assert talk.actions == [PAUSE, RESUME]


def test_who_spoke_to_a_detector_that_died_is_asked_again_unless_they_go_on() -> None:
    for goes_on in (False, True):
        talk = Talk()
        talk.speak()
        die(talk, VAD)
        if goes_on:
            talk.utterance = 0  # it counts anew
            talk.speak()
        talk.run(2.0)
        assert bool(talk.sentences) == (not goes_on)
        assert (talk.state is AgentState.LISTENING) == goes_on


def test_the_kiosks_loudspeaker_is_not_that_of_other_sessions() -> None:
    talk = Talk(session="kiosk")
    talk.say("This is the first one.")  # of session "local"
    talk.play(0, 0.3)
    die(talk, SPEAKER)
    assert REPEAT not in talk.actions
    die(talk, TTS)
    run_dry(talk, 0, 0.3)
    assert REPEAT in talk.actions
