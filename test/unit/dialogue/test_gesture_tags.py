"""A gesture in square brackets begins with its sentence and is not heard, whatever pieces the text comes in."""

from __future__ import annotations

import pytest
from dialogue_talk import Talk

from avatar_ros.core.enums import ControlAction
from avatar_ros.core.events import Control
from avatar_ros.core.expressions import EXPRESSIONS, GESTURES
from avatar_ros.dialogue.cleaning.cleaner import cleaned
from avatar_ros.dialogue.sentences import SentenceCutter


def cut(text: str, size: int) -> list[tuple[str, str, str]]:
    cutter = SentenceCutter()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    lines = [line for piece in pieces for line in cutter.feed(piece)] + list(cutter.finish())
    return [(line.text, line.expression, line.gesture) for line in lines]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_sentence_begins_with_its_gesture(size: int) -> None:
    text = "[nod] Yes, of course. [happy] [Laughs] That is a good one! [page 3] says no. I [shrug] do not know."
    assert cut(text, size) == [
        ("Yes, of course.", "", "nod"),
        ("That is a good one!", "happy", "laugh"),
        ("[page 3] says no.", "", ""),
        ("I do not know.", "", "shrug"),
    ]


@pytest.mark.parametrize("name", [*EXPRESSIONS, *GESTURES])
def test_no_name_is_heard(name: str) -> None:
    assert cleaned(f"Well, [{name}] here we are.") == "Well, here we are."


def test_a_say_and_an_answer_carry_them_to_the_face() -> None:
    talk = Talk()
    talk.say("[wink] Between us. And nobody else.")
    assert [(s.text, s.gesture) for s in talk.sent("speech/sentence")] == [
        ("Between us.", "wink"),
        ("And nobody else.", ""),
    ]
    talk.play(1, 1.0)
    talk.end()
    assert talk.sent("say_result")[-1].spoken == "Between us. And nobody else."
    talk.ask("is that so")
    talk.reply("[nods] It is.")
    assert talk.sent("speech/sentence")[-1].gesture == "nod"


def test_a_claim_ends_by_itself() -> None:
    talk = Talk()
    talk.tell("control", Control(action=ControlAction.CLAIM, lease_s=3.0))
    talk.ask("where is it")
    assert talk.prompts == []
    talk.run(3.0)
    talk.ask("where is it")
    assert talk.prompts == ["where is it"]


def test_to_forget_is_to_meet_somebody_new() -> None:
    talk = Talk(greeting="greeting")
    talk.ask("where is it")
    talk.reply("Here.")
    talk.play(1, 1.0)
    talk.end()
    talk.tell("control", Control(action=ControlAction.FORGET))
    talk.ask("who are you")
    assert talk.history == [] and talk.sentences.count("greeting") == 2


def test_listening_and_the_say_at_hand_stand_in_the_state() -> None:
    talk = Talk()
    talk.tell("control", Control(action=ControlAction.IGNORE))
    assert not talk.sent("state")[-1].listening
    talk.say("Words of a program.", id="mine")
    assert talk.sent("state")[-1].say == "mine"
    talk.play(0, 1.0)
    talk.end()
    talk.tell("control", Control(action=ControlAction.LISTEN))
    assert (talk.sent("state")[-1].say, talk.sent("state")[-1].listening) == ("", True)
