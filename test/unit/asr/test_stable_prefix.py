"""Words on which two decodes in a row agree."""

from avatar_ros.asr.stable_prefix import StablePrefix


def takes(*texts):
    prefix = StablePrefix()
    return [prefix.take(text) for text in texts]


def test_a_word_is_shown_once_two_decodes_agree_on_it():
    assert takes("Where is", "Where is the", "Where is the sun?", "where is the sunny side") == [
        "", "Where is", "Where is the", "Where is the"
    ]  # fmt: skip


def test_what_was_shown_is_not_taken_back():
    assert takes("I scream", "I scream for", "Ice cream for", "Ice cream for me") == [
        "", "I scream", "I scream", "Ice cream for"
    ]  # fmt: skip


def test_punctuation_is_no_difference_and_no_last_letter():
    assert takes("Yes, please.", "Yes please", "yes, please do") == ["", "Yes please", "Yes please"]


def test_a_script_without_spaces_goes_letter_by_letter():
    assert takes("今は何", "今は何時", "今は何時ですか") == ["", "今は何", "今は何時"]
