"""How loud speech is, and what counts as faded away."""

import pytest

from avatar_ros.core.levels import SILENCE_DBFS
from avatar_ros.vad.level_tracking import NEAR, NoiseFloor, SpeechLevel

#: A background 12 dB below speech of -20 dBFS, and one 60 dB below.
NOISY, QUIET = -32.0, -80.0


def level_of(levels):
    level = SpeechLevel()
    for dbfs in levels:
        level.add(dbfs)
    return level


def test_pauses_do_not_lower_the_level_of_speech():
    level = level_of([-20.0, -60.0] * 10)
    assert level.is_faded(-30.0, 6.0, NOISY)
    assert not level.is_faded(-22.0, 6.0, NOISY)


@pytest.mark.parametrize(("dbfs", "faded"), [(-25.9, False), (-26.0, True), (-40.0, True)])
def test_the_drop_decides(dbfs, faded):
    assert level_of([-20.0] * 5).is_faded(dbfs, 6.0, NOISY) is faded


def test_the_soft_end_of_a_word_has_not_faded_where_the_background_is_softer_still():
    level = level_of([-20.0] * 5)
    final_consonant, silence = -36.0, QUIET + NEAR * (-20.0 - QUIET)
    assert level.is_faded(final_consonant, 6.0, NOISY)
    assert not level.is_faded(final_consonant, 6.0, QUIET)
    assert level.is_faded(silence - 0.1, 6.0, QUIET)


def test_lost_sound_does_not_make_a_room_quiet():
    background = NoiseFloor()
    assert background.sound_dbfs == SILENCE_DBFS
    for dbfs in (NOISY, SILENCE_DBFS, -20.0):
        background.add(dbfs)
    assert (background.dbfs, background.sound_dbfs) == (SILENCE_DBFS, NOISY)
    assert level_of([-20.0] * 5).is_faded(-36.0, 6.0, background.sound_dbfs)


def test_only_the_last_second_counts():
    level = level_of([0.0] * 100 + [-40.0] * 32)
    assert not level.is_faded(-42.0, 6.0, NOISY)


def test_nothing_fades_before_there_is_speech_or_where_it_is_off():
    level = level_of([-20.0])
    assert not level.is_faded(-80.0, 0.0, QUIET)
    level.clear()
    assert not level.is_faded(-80.0, 6.0, QUIET)
