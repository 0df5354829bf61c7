"""Any phone name becomes a schedule of our classes."""

import pytest

from avatar_ros.speech.phone_mapping import ARPABET, IPA, TIMIT, UNKNOWN, arpabet_schedule, ipa_schedule, schedules
from avatar_ros.speech.phones import PHONE_CLASSES


def names(schedule):
    return [name for name, _ in schedule]


@pytest.mark.parametrize("schedule", [*ARPABET.values(), *TIMIT.values()])
def test_schedules_are_whole_and_known(schedule):
    assert sum(share for _, share in schedule) == pytest.approx(1.0)
    assert set(names(schedule)) <= set(PHONE_CLASSES)


@pytest.mark.parametrize("letter", IPA)
def test_every_ipa_letter_has_a_schedule(letter):
    schedule = ipa_schedule(letter)
    assert sum(share for _, share in schedule) == pytest.approx(1.0)
    assert set(names(schedule)) <= set(PHONE_CLASSES)


@pytest.mark.parametrize(
    ("symbol", "classes"),
    [
        ("ˈaɪ", ["AA", "IH"]),
        ("tʃ", ["CH"]),
        ("dʒ", ["JH"]),
        ("p", ["P", "HH"]),
        ("m", ["M"]),
        ("n̩", ["N"]),
        ("ɑ̃", ["AA"]),
        ("uː", ["UW"]),
        ("ˈøː", ["UH"]),
        ("pf", ["P", "F"]),
        ("ɚ", ["ER"]),
        ("", ["SIL"]),
        ("_:", ["SIL"]),
        ("(en)", ["SIL"]),
        ("ˈi.", ["IY"]),
        ("tɕ", ["CH"]),
    ],
)
def test_ipa_as_espeak_writes_it(symbol, classes):
    found = ipa_schedule(symbol)
    assert names(found) == classes


def test_unreadable_names_are_reported_and_neutral():
    found, unknown = schedules(["ˈʌ", "☃", "m"])
    assert unknown == ["☃"]
    assert found[1] == UNKNOWN


def test_y_is_a_glide_in_arpabet_and_a_vowel_in_ipa():
    assert schedules(["y", "uw"])[0][0] == (("Y", 1.0),)
    assert schedules(["y", "ʁ"])[0][0] == (("UW", 1.0),)


def test_timit_closures_belong_to_the_stop_that_follows():
    found, unknown = schedules(["cl", "p", "vcl", "b", "vcl", "jh", "cl"])
    assert not unknown
    assert [names(s) for s in found] == [["P"], ["HH"], ["B"], ["HH"], ["D"], ["JH"], ["T"]]


def test_unstressed_ah_is_the_schwa():
    assert names(arpabet_schedule("AH0")) == ["AX"]
    assert names(arpabet_schedule("AH1")) == ["AH"]
    assert arpabet_schedule("xyz") is None
