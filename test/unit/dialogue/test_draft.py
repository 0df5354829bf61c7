"""A prepared answer's first sentence comes to the voice twice, first from whoever answers; nothing else is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dialogue_talk import EPOCH, Talk

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.types import EVENT_COMPLETE, Prompt, Reply, Sentence
from avatar_ros.dialogue.draft import OTHER_DRAFT, FirstSentence

QUESTION = "what time is it"
#: Whole answers, the ends that need a look at what follows, tags, too long ones, none, other scripts, and broken ones.
ANSWERS = (
    "It is three.",
    "It is three. It will be four soon.",
    "[happy] Hello, you. [nod] Come in.",
    "No. 5 is open",
    "Well, " * 30 + "yes.",
    "word " * 200,
    "**Bold** and `code`. More",
    "Ask Dr. Smith. He knows.",
    "...",
    "",
    "Es ist drei. Bald vier.",
    "现在三点。快四点了。",
    "One.\n\nTwo.",
)


def prepare(talk: Talk) -> None:
    talk.speak()
    talk.run(1.0)
    talk.words(QUESTION, final=False, confidence=0.9, events=(EVENT_COMPLETE,))


def commit(talk: Talk) -> None:
    talk.hush()
    talk.words(QUESTION)


def pieces(text: str, size: int) -> list[Reply]:
    cut = [text[i : i + size] for i in range(0, len(text), size)] or [""]
    return [Reply("local", EPOCH, 1, seq, part, seq == len(cut) - 1) for seq, part in enumerate(cut)]


def give(talk: Talk, draft: Sentence) -> None:
    """The voice has it, and the dialogue hears of it."""
    talk.tell("speech/draft", draft)


def drafted(talk: Talk, text: str) -> Sentence:
    """What whoever answers gives to the voice."""
    found = FirstSentence(talk.prompt).feed(*pieces(text, len(text) or 1))
    assert found is not None
    return found


@pytest.mark.parametrize("size", [1, 7, 5000])
@pytest.mark.parametrize("settings", [{}, {"first_clause_characters": 10}, {"sentence_characters": 40}])
@pytest.mark.parametrize("text", ANSWERS)
def test_it_is_what_the_dialogue_makes_of_the_same_answer(text: str, settings: dict[str, int], size: int) -> None:
    talk = Talk(**settings)
    prepare(talk)
    first = FirstSentence(talk.prompt)
    drafts = []
    for piece in pieces(text, size):
        if (sentence := first.feed(piece)) is not None:
            drafts.append(sentence)
            give(talk, sentence)
        talk.tell("dialogue/reply", piece)
    own = talk.sent("speech/sentence")[0]
    assert drafts in ([], [own]), "the same to the last field"
    assert drafts or text in ("...", "", "现在三点。快四点了。"), "an answer in the question's script has a draft"
    assert not talk.cancels() and InterruptAction.REPEAT not in talk.actions


def test_an_answer_that_breaks_off_has_the_same_first_sentence() -> None:
    talk = Talk(apology="Sorry.")
    prepare(talk)
    first = FirstSentence(talk.prompt)
    broken = [Reply("local", EPOCH, 1, 0, "One. And th", False), Reply("local", EPOCH, 1, 2, "", True)]
    for piece in broken:
        if (sentence := first.feed(piece)) is not None:
            give(talk, sentence)
        talk.tell("dialogue/reply", piece)
    commit(talk)
    assert [(s.text, s.last) for s in talk.sent("speech/sentence")] == [("One.", False), ("Sorry.", True)]
    assert InterruptAction.REPEAT not in talk.actions


def test_only_what_is_prepared_may_be_drafted() -> None:
    talk = Talk()
    talk.ask(QUESTION)
    assert FirstSentence(talk.prompt).feed(Reply("local", EPOCH, 1, 0, "It is three.", True)) is None
    assert FirstSentence(Prompt()).feed(Reply("local", 0, 0, 0, "It is three.", True)) is None


def test_another_first_sentence_that_was_prepared_is_thrown_away_unheard_and_the_question_asked_anew() -> None:
    talk = Talk()
    prepare(talk)
    give(talk, replace(drafted(talk, "It is three."), text="It is nine."))
    talk.reply("It is three.")
    assert talk.orders[-1] == (InterruptAction.CANCEL, 1, "unheard")
    commit(talk)
    assert (talk.prompt.turn, talk.prompt.speculative, talk.prompt.first_characters) == (2, False, 0)


@pytest.mark.parametrize("field", [{"text": "It is nine."}, {"locale": "de-DE"}, {"last": False}])
def test_another_first_sentence_of_what_was_wanted_already_is_taken_back_and_the_right_one_said(field: dict) -> None:  # type: ignore[type-arg]
    talk = Talk()
    prepare(talk)
    commit(talk)
    give(talk, replace(drafted(talk, "It is three."), **field))
    talk.reply("It is three.")
    assert talk.orders[-1] == (InterruptAction.REPEAT, 1, OTHER_DRAFT)
    assert [(s.turn, s.index, s.text) for s in talk.sent("speech/sentence")][-1] == (2, 0, "It is three.")
    talk.play()
    talk.end()
    talk.ask("and now")
    assert talk.history == [f"u: {QUESTION}", "a: It is three."]


def test_a_draft_that_comes_behind_the_answer_is_looked_at_all_the_same() -> None:
    talk = Talk()
    prepare(talk)
    draft = drafted(talk, "It is three.")
    talk.reply("It is three.")
    give(talk, draft)
    assert not talk.cancels()
    give(talk, replace(draft, text="It is nine."))
    assert not talk.cancels(), "the voice has taken the first"


def test_an_answerer_that_dies_after_its_draft_and_answers_otherwise_is_not_heard_with_the_first() -> None:
    talk = Talk()
    prepare(talk)
    commit(talk)
    give(talk, drafted(talk, "It is nine."))
    talk.run(10.0)
    talk.ask("never mind")
    talk.reply("It is three.")
    said = [s for s in talk.sent("speech/sentence") if s.text]
    assert "It is nine." not in [s.text for s in said]
    ended = [(o.action, o.turn) for o in talk.sent("interrupt") if o.action.ends_speech]
    assert any(turn >= 1 for _, turn in ended), "what the voice was given of turn 1 is void"


@pytest.mark.parametrize("stranger", [{"epoch": EPOCH - 1}, {"turn": 9}, {"session": "other"}, {"index": 1}])
def test_drafts_of_other_turns_are_of_no_matter(stranger: dict) -> None:  # type: ignore[type-arg]
    talk = Talk()
    prepare(talk)
    give(talk, replace(drafted(talk, "It is nine."), **stranger))
    talk.reply("It is three.")
    commit(talk)
    assert [order for order in talk.actions if order.ends_speech] == []
    assert talk.sentences == ["It is three."]
