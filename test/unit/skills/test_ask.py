"""The skills that hear: Listen and Ask. What is said to them is theirs, and the avatar does not answer it."""

from __future__ import annotations

from pathlib import Path

import pytest
from skills_kiosk import SkillsKiosk

from avatar_ros.core.enums import ControlAction
from avatar_ros.core.types import Transcript
from avatar_ros.skills.choices import Choices
from avatar_ros.skills.goals import AskEnd, AskGoal, AskPhase, ChatGoal, HearPhase, ListenEnd, ListenGoal, SayGoal

QUESTION = "Do you want tea, or do you want coffee?"


def kiosk(folder: Path, *said: tuple[float, str]) -> SkillsKiosk:
    """Somebody says something at each of these times, for a second; one second has passed."""
    spans = tuple((at_s, at_s + 1.0) for at_s, _ in said)
    made = SkillsKiosk(folder, spans=spans, heard=tuple(text for _, text in said), answers=("I answer that.",) * 9)
    made.run(0.9)
    return made


def test_what_is_said_to_a_program_is_not_answered(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "open the door"), (9.0, "what time is it"))
    heard = run.start(ListenGoal())
    end = run.end_of(heard)
    assert (end.heard, end.transcript, end.phrase, end.reason) == (True, "open the door", -1, "")
    assert {news.state for news in run.news[heard]} == {HearPhase.WAITING, HearPhase.HEARING}
    run.run(4.0)
    assert run.sent("dialogue/prompt") == []
    assert run.until("dialogue/prompt").text == "what time is it", "then the avatar answers again"


def test_what_the_dialogue_hears_later_than_the_program_is_not_answered_either(tmp_path: Path) -> None:
    run = kiosk(tmp_path)
    heard, words = run.start(ListenGoal()), Transcript(text="open the door")
    run.run(0.5)
    for out in run.skills.push("speech/transcript", words, run.now_s):
        run.send(out.topic, out.message)
    run.run(0.3)
    run.send("speech/transcript", words)
    run.run(3.0)
    assert run.end_of(heard, 0.1).transcript == "open the door" and run.sent("dialogue/prompt") == []
    run.send("speech/transcript", Transcript(text="what time is it"))
    assert run.until("dialogue/prompt").text == "what time is it", "what is said after that is the avatar's again"


def test_what_was_heard_may_be_passed_on_to_the_avatar_at_once(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "open the door"))
    heard = run.end_of(run.start(ListenGoal()))
    chat = run.end_of(run.start(ChatGoal(text=heard.transcript)), 5.0)
    assert (chat.answered, chat.reply) == (True, "I answer that.")


def test_nobody_speaks(tmp_path: Path) -> None:
    run = kiosk(tmp_path)
    began_s = run.now_s
    heard = run.start(ListenGoal(timeout_s=3.0))
    assert run.end_of(heard) == ListenEnd(reason="timeout")
    assert 2.9 < run.ended_s[heard] - began_s < 3.3


def test_who_has_begun_to_speak_is_heard_out(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "open the door"))
    assert run.end_of(run.start(ListenGoal(timeout_s=1.4))).heard


@pytest.mark.parametrize(
    ("said", "phrase", "reason"),
    [
        ("Please go to the kitchen now", 1, ""),
        ("kitchen", 1, ""),
        ("the garden", 0, ""),
        ("the cellar", -1, "no_phrase"),
    ],
)
def test_one_of_the_phrases_is_waited_for(tmp_path: Path, said: str, phrase: int, reason: str) -> None:
    run = kiosk(tmp_path, (2.0, said))
    end = run.end_of(run.start(ListenGoal(phrases=("the garden", "the kitchen|kitchen"))))
    assert (end.heard, end.transcript, end.phrase, end.reason) == (not reason, said, phrase, reason)


def test_the_newest_listener_is_told_and_the_others_are_told_so(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "open the door"))
    first, second = run.start(ListenGoal()), run.start(ListenGoal())
    assert run.end_of(first, 0.1) == ListenEnd(reason="replaced")
    assert run.end_of(second).transcript == "open the door"
    assert run.sent("dialogue/prompt") == []


def test_a_cancelled_listener_leaves_the_words_to_the_avatar(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "what time is it"))
    heard = run.start(ListenGoal())
    run.cancel(heard)
    assert run.end_of(heard) == ListenEnd(reason="cancelled")
    assert run.until("dialogue/prompt").text == "what time is it"


@pytest.mark.parametrize(
    ("action", "reason"), [(ControlAction.SLEEP, "asleep"), (ControlAction.IGNORE, "not_listening")]
)
def test_who_is_not_listened_to_is_not_heard(tmp_path: Path, action: ControlAction, reason: str) -> None:
    run = kiosk(tmp_path, (7.0, "what time is it"))
    heard = run.start(ListenGoal(timeout_s=0.0))
    assert run.ordered(action) == ""
    assert run.end_of(heard, 1.0).reason == reason
    run.run(6.0)
    assert not run.sent("speech/transcript") and not run.sent("mic/voice_activity"), "nothing is looked at"


def test_too_many_phrases_and_a_program_that_died(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (9.0, "what time is it"))
    assert run.end_of(run.start(ListenGoal(phrases=("a",) * 51))).reason == "too_many_phrases"
    run.start(ListenGoal(timeout_s=0.0))
    run.remove("skills")  # with a claim that nobody says again
    assert run.until("dialogue/prompt").text == "what time is it"


def test_a_question_and_its_answer(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (6.0, "I would like some coffee please"))
    asked = run.start(AskGoal(question=QUESTION, choices=("tea", "coffee")))
    assert run.end_of(asked) == AskEnd(True, "I would like some coffee please", 1, 1)
    assert [*dict.fromkeys(news.state for news in run.news[asked])] == [
        AskPhase.ASKING, AskPhase.WAITING, AskPhase.HEARING
    ]  # fmt: skip
    run.run(3.0)
    assert run.sent("dialogue/prompt") == []


def test_an_answer_over_the_question_ends_it(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "give me tea please"))
    asked = run.start(AskGoal(question=QUESTION * 3, choices=("tea", "coffee")))
    assert run.end_of(asked) == AskEnd(True, "give me tea please", 0, 1)
    assert [result.reason for result in run.sent("say_result")] == ["interrupted"]


def test_what_is_not_understood_is_asked_once_again(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (6.0, "a bicycle"), (14.0, "tea"))
    asked = run.start(AskGoal(question=QUESTION, choices=("tea", "coffee")))
    assert run.end_of(asked) == AskEnd(True, "tea", 0, 2)
    assert len(run.sent("speech/sentence", text=QUESTION)) == 2


def test_nobody_answers(tmp_path: Path) -> None:
    run = kiosk(tmp_path)
    asked = run.start(AskGoal(question=QUESTION, timeout_s=2.0))
    assert run.end_of(asked) == AskEnd(asked=2, reason="timeout")


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (AskGoal(question=""), "empty_text"),
        (AskGoal(question="Well?", choices=("",)), "empty_choices"),
        (AskGoal(question="Well?", choices=("a",) * 51), "too_many_phrases"),
        (AskGoal(question="Well?", expression="hungry"), "unknown_expression"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, goal: AskGoal, reason: str) -> None:
    run = kiosk(tmp_path)
    assert run.end_of(run.start(goal)).reason == reason


def test_a_question_that_is_cancelled_falls_silent(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (9.0, "what time is it"))
    asked = run.start(AskGoal(question=QUESTION))
    run.until_heard()
    run.cancel(asked)
    assert run.end_of(asked, 1.0).reason == "cancelled"
    assert run.until("dialogue/prompt").text == "what time is it"


def test_a_question_waits_for_its_turn_and_takes_no_words_before(tmp_path: Path) -> None:
    run = kiosk(tmp_path, (2.0, "what time is it now"))
    run.start(SayGoal(text="This is a rather long story about nothing at all, which goes on for quite a while now."))
    asked = run.start(AskGoal(question=QUESTION, timeout_s=1.0))
    assert run.until("dialogue/prompt").text == "what time is it now"
    assert run.end_of(asked).reason == "timeout"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("tea", 0), ("Tea, please!", 0), ("a nice cup of tea", 0), ("coffee", 1), ("tea with milk", 2), ("milk", -1),
        ("tea or coffee", -1), ("", -1), ("bicycle", -1), ("yeah of course", 3), ("yes", 3), ("te", -1),
        ("word " * 500, -1),
    ],
)  # fmt: skip
def test_choices(text: str, choice: int) -> None:
    assert Choices(("tea", "coffee", "tea with milk", "yes|of course"), "en-US").find(text) == choice


def test_choices_of_other_languages() -> None:
    assert Choices(("茶", "咖啡"), "zh-CN").find("我要咖啡") == 1
    assert Choices(("Ja", "Nein|lieber nicht"), "de").find("ach, lieber nicht") == 1
