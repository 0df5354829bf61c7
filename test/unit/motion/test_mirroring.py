"""The face answers a laugh, by itself and through the stage."""

import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import Layer
from avatar_ros.core.types import PlaybackClock, Sentence, Transcript
from avatar_ros.motion.base import PORT, MotionSettings
from avatar_ros.motion.mirroring import HOLD_S, Mirroring
from avatar_ros.motion.stage import build

SMILE = ARKIT_INDEX["mouthSmileLeft"]
FROWN = ARKIT_INDEX["mouthFrownLeft"]


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ({"events": ("laughter",)}, "happy"),
        ({"events": ("music", "applause")}, "happy"),
        ({"events": ("cry",), "emotion": "happy"}, "sad"),
        ({"emotion": "happy"}, "happy"),
        ({"emotion": "angry"}, ""),
        ({"events": ("cough",)}, ""),
        ({}, ""),
    ],
)
def test_what_is_heard_is_answered(heard, shown):
    reaction = Mirroring()
    reaction.hear(Transcript(**heard), 10.0)
    assert reaction.at(10.1) == shown


def test_it_passes_and_further_words_do_not_wipe_it_off():
    reaction = Mirroring()
    reaction.hear(Transcript(events=("laughter",), final=False), 0.0)
    reaction.hear(Transcript(text="that was good", emotion="neutral"), 0.2)
    assert reaction.at(HOLD_S - 0.1) == "happy"
    assert reaction.at(HOLD_S) == ""


def face_after(stage, until_s, from_s=0.0):
    """The idle layer's weights, after ticks at 20 Hz."""
    out = []
    for i in range(round((until_s - from_s) * 20) + 1):
        out += [o.message for o in stage.tick(from_s + i / 20) if o.message.layer is Layer.IDLE]
    return out[-1].weights


def test_the_stage_smiles_at_a_laugh_and_stops():
    assert "speech/transcript" in PORT.subscribes
    laughed, quiet = build(MotionSettings()), build(MotionSettings())
    list(laughed.push("speech/transcript", Transcript(text="", events=("laughter",)), 0.0))
    assert face_after(laughed, 1.0)[SMILE] > face_after(quiet, 1.0)[SMILE] + 0.3
    assert face_after(laughed, 5.0, 1.0)[SMILE] == pytest.approx(face_after(quiet, 5.0, 1.0)[SMILE], abs=0.02)


def test_the_avatars_own_expression_goes_first():
    stage = build(MotionSettings())
    list(stage.push("speech/sentence", Sentence(turn=1, expression="sad"), 0.0))
    list(stage.push("speech/playback", PlaybackClock(turn=1), 0.0))
    list(stage.push("speech/transcript", Transcript(events=("laughter",)), 0.0))
    assert face_after(stage, 1.0)[FROWN] > 0.2
