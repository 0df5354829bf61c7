"""What the captions say, and where their lines break."""

import pytest

from avatar_ros.core.enums import AgentState, PlaybackState
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import PlaybackClock, Sentence, Transcript
from avatar_ros.display.base import Captions
from avatar_ros.display.captions import CaptionBoard, balanced, wrap


def test_lines_break_at_spaces():
    assert wrap("the quick brown fox", len, 10, 5) == ["the quick", "brown fox"]


def test_a_word_wider_than_a_line_is_broken():
    assert wrap("a Donaudampfschiff b", len, 8, 5) == ["a", "Donaudam", "pfschiff", "b"]


def test_chinese_breaks_between_letters_but_not_before_punctuation():
    assert wrap("今天天气很好，我们走", len, 6, 5) == ["今天天气很", "好，我们走"]


def test_too_much_text_ends_in_an_ellipsis_that_fits():
    assert wrap("one two three four five six", len, 9, 2) == ["one two", "three…"]
    assert wrap("one two threefour five six", len, 9, 2) == ["one two", "threefou…"]


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_has_no_lines(text):
    assert wrap(text, len, 10, 3) == []
    assert balanced(text, len, 10, 3) == []


def test_balanced_lines_leave_no_orphan():
    text = "The museum closes at six ok"
    assert wrap(text, len, 24, 4) == ["The museum closes at six", "ok"]
    lines = balanced(text, len, 24, 4)
    assert len(lines) == 2
    assert max(map(len, lines)) <= 16
    assert " ".join(lines) == text


def test_nothing_is_lost_whatever_the_width():
    text = "Wir schließen um achtzehn Uhr, donnerstags erst um einundzwanzig Uhr."
    for width in range(1, 80):
        joined = "".join(wrap(text, len, width, 1000)).replace(" ", "")
        assert joined == text.replace(" ", "")


def sentence(index, text, turn=1):
    return Sentence(epoch=1, turn=turn, index=index, text=text)


def playing(index, turn=1, state=PlaybackState.PLAYING):
    return PlaybackClock(epoch=1, turn=turn, sentence=index, state=state)


def test_said_is_the_sentence_that_is_heard():
    board = CaptionBoard()
    for message in (Transcript(text="hello"), playing(0), sentence(0, "Hi."), sentence(1, "Welcome."), playing(0)):
        board.hear(message, 1.0)
    assert board.at(1.0) == Captions("hello", "Hi.")
    board.hear(playing(1), 2.0)
    assert board.at(2.0) == Captions("hello", "Welcome.")


def test_without_a_playback_clock_the_newest_sentence_stands():
    board = CaptionBoard()
    board.hear(sentence(0, "Hi."), 1.0)
    board.hear(sentence(1, "Welcome."), 1.1)
    board.hear(sentence(2, ""), 1.2)
    assert board.at(1.2).said == "Welcome."


def test_words_linger_after_the_end_and_go():
    board = CaptionBoard(linger_s=3.0)
    board.hear(sentence(0, "Hi."), 1.0)
    board.hear(playing(0), 1.0)
    board.hear(playing(0, state=PlaybackState.ENDED), 2.0)
    assert board.at(4.9).said == "Hi."
    assert board.at(5.0) == Captions()


def test_new_words_stop_the_lingering():
    board = CaptionBoard(linger_s=3.0)
    board.hear(AvatarState(state=AgentState.IDLE), 1.0)
    board.hear(Transcript(text="what time is it", final=False), 2.0)
    assert board.at(10.0).heard == "what time is it"


def test_listening_clears_what_was_said():
    board = CaptionBoard()
    board.hear(sentence(0, "Hi."), 1.0)
    board.hear(AvatarState(state=AgentState.LISTENING), 2.0)
    assert board.at(2.0).said == ""
    assert board.state is AgentState.LISTENING


def test_a_day_of_sentences_does_not_pile_up():
    board = CaptionBoard()
    for turn in range(1000):
        board.hear(sentence(0, "Hi.", turn), float(turn))
    board.hear(playing(0, turn=999), 1000.0)
    assert board.at(1000.0).said == "Hi."
    assert len(board._sentences) <= 200


@pytest.mark.parametrize("letter", ["word ", "a", "字", "a-"])
def test_of_a_long_text_no_more_is_measured_than_can_be_shown(letter):
    def measured(length):
        calls = 0

        def width_of(text):
            nonlocal calls
            calls += 1
            return len(text)

        balanced(letter * length, width_of, 40, 4)
        return calls

    assert measured(20_000) == measured(2000) < 5000
