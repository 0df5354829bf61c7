"""Sentences that Whisper says again and again; and what people do say twice."""

import pytest

from avatar_ros.asr.repetition import repeats, without_repeats

ONCE = "A thin stripe runs down the middle."


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (ONCE, ONCE),
        (f"{ONCE} {ONCE}", ONCE),
        (" ".join([ONCE] * 20), ONCE),
        (f"{ONCE} a thin stripe runs down the middle!", ONCE),
        (f"{ONCE} {ONCE} It is red.", f"{ONCE} It is red."),
        ("Is it far? Is it far? No.", "Is it far? No."),
        ("No. No. Thank you. Thank you.", "No. No. Thank you. Thank you."),
        ("some more words words words words", "some more words words words words"),
        ("go to the end " + "of the end " * 20, "go to the end of"),
        ("I want 3.5 metres of it.", "I want 3.5 metres of it."),
        ("今は何時ですか？今は何時ですか？", "今は何時ですか？"),
        ("はい。はい。", "はい。はい。"),
        ("", ""),
    ],
)
def test_a_sentence_is_kept_once_and_a_loop_for_a_round(said, kept):
    assert without_repeats(said) == kept
    assert repeats(said) == (said != kept)
