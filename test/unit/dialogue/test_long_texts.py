"""Texts of any length: refused by name, or cut in pieces, and never all at once."""

import pytest
from dialogue_talk import Talk

from avatar_ros.core.enums import InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.events import Say
from avatar_ros.core.types import Reply
from avatar_ros.dialogue.reply import CHARACTERS_AT_ONCE, LONGEST_ANSWER, ReplyReader
from avatar_ros.dialogue.sentences import SentenceCutter
from avatar_ros.dialogue.turn_manager import SENTENCES_AT_ONCE

SENTENCE = "This is one of many sentences. "


class CountedText(str):
    """A text that counts the characters that were read of it, one by one."""

    read = 0

    def __iter__(self):
        for character in super().__iter__():
            CountedText.read += 1
            yield character


def test_a_say_that_is_too_long_is_refused_by_name_without_being_read():
    talk = Talk(say_characters=1000)
    text = CountedText("word " * 2_000_000)
    CountedText.read = 0
    talk.tell("say", Say(id="long", text=text))
    (result,) = talk.sent("say_result")
    assert (result.id, result.done, result.reason) == ("long", False, "too_long")
    assert CountedText.read == 0 and not talk.sent("speech/sentence")


def test_a_long_say_is_cut_over_several_ticks_and_said_whole():
    talk = Talk()
    count = 5 * SENTENCES_AT_ONCE + 3
    talk.tell("say", Say(id="long", text=SENTENCE * count))
    assert len(talk.sent("speech/sentence")) == SENTENCES_AT_ONCE
    talk.run(1.0)
    sentences = talk.sent("speech/sentence")
    assert [s.index for s in sentences] == list(range(count))
    assert [s.last for s in sentences] == [False] * (count - 1) + [True]
    talk.play(count - 1, 1.0, PlaybackState.ENDED)
    assert talk.sent("say_result", id="long", done=True)


def test_a_long_say_whose_sentences_fill_its_last_piece_ends_too():
    talk = Talk()
    talk.tell("say", Say(id="long", text=SENTENCE * SENTENCES_AT_ONCE))
    talk.run(0.2)
    assert talk.sent("speech/sentence")[-1].last


def test_a_long_say_that_is_interrupted_is_not_read_on():
    talk = Talk()
    talk.tell("say", Say(id="long", text=SENTENCE * 10 * SENTENCES_AT_ONCE))
    talk.tell("say", Say(id="short", text="Fire!", when=SayWhen.INTERRUPT))
    talk.run(2.0)
    assert len(talk.sent("speech/sentence", turn=1)) == SENTENCES_AT_ONCE
    assert talk.sent("interrupt", action=InterruptAction.CANCEL, turn=1)
    assert [s.text for s in talk.sent("speech/sentence", turn=2)] == ["Fire!"]


def test_a_long_answer_in_one_piece_is_cut_over_several_ticks_and_said_whole():
    talk = Talk()
    talk.ask("tell me everything")
    text = SENTENCE * (4 * CHARACTERS_AT_ONCE // len(SENTENCE))
    talk.reply(text)
    talk.reply("too late", seq=1)
    assert sum(len(s.text) for s in talk.sent("speech/sentence")) <= CHARACTERS_AT_ONCE
    talk.run(1.0)
    sentences = talk.sent("speech/sentence")
    assert " ".join(s.text for s in sentences if s.text) == text.strip()
    assert [s.last for s in sentences] == [False] * (len(sentences) - 1) + [True]


def test_an_answer_without_end_is_cut_off():
    reader = ReplyReader(SentenceCutter())
    said = 0
    for seq in range(1000):
        lines = reader.feed(Reply(seq=seq, text=SENTENCE * 10))
        said += sum(len(line.text) for line in lines)
    assert reader.done and said <= LONGEST_ANSWER


@pytest.mark.parametrize(
    "piece", [SENTENCE, "word ", "a", "*a ", " \n", ". ", "[", "!?", "。", "“", "e.g. ", "1. ", "…"]
)
def test_cutting_takes_as_long_for_the_end_of_a_text_as_for_its_beginning(piece):
    """The cutter never holds more than a sentence, so its work does not grow with what came before."""
    cutter = SentenceCutter()
    longest = 0
    for _ in range(20_000 // len(piece)):
        for _ in cutter.feed(piece):
            pass
        longest = max(longest, len(cutter._text))
    assert longest <= 300
