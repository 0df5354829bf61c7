"""A voice is looked at where nothing else is looked at."""

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_INDEX
from avatar_ros.core.enums import AgentState, VoiceKind
from avatar_ros.core.events import GazeTarget, VoiceDirection
from avatar_ros.core.types import VoiceActivity
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.idle import IdleFace
from avatar_ros.motion.stage import build

RATE_HZ = 30


def gaze_deg(messages, seconds=1.5, speaks=True):
    """Where eyes and head look after `seconds`; messages: (until_s, message), sent in each frame until then."""
    stage = build(MotionSettings(liveliness=0.0))
    if speaks:
        list(stage.push("", VoiceActivity(kind=VoiceKind.STARTED), 0.0))
    for i in range(round(seconds * RATE_HZ)):
        for until_s, message in messages:
            if i / RATE_HZ < until_s:
                list(stage.push("", message, i / RATE_HZ))
        frame = next(iter(stage.tick(i / RATE_HZ))).message
    eyes = 30 * float(frame.weights[ARKIT_INDEX["eyeLookOutLeft"]] - frame.weights[ARKIT_INDEX["eyeLookInLeft"]])
    return eyes + float(np.degrees(2 * frame.head_rotation[2]))


@pytest.mark.parametrize("azimuth_deg", [25, -25])
def test_a_voice_is_looked_at(azimuth_deg):
    assert gaze_deg([(9, VoiceDirection(azimuth_rad=np.radians(azimuth_deg)))]) == pytest.approx(azimuth_deg, abs=2)


def test_a_noise_is_not_looked_at():
    assert gaze_deg([(9, VoiceDirection(azimuth_rad=0.4))], speaks=False) == pytest.approx(0, abs=2)


def test_a_target_goes_before_a_voice():
    target, voice = GazeTarget(x=0.5, y=1.7, z=1.0), VoiceDirection(azimuth_rad=-0.5)
    assert gaze_deg([(9, target), (9, voice)]) == pytest.approx(26.6, abs=2)


def test_a_voice_is_looked_at_again_when_the_target_is_gone():
    target, voice = GazeTarget(x=0.5, y=1.7, z=1.0), VoiceDirection(azimuth_rad=-0.5)
    assert gaze_deg([(1, target), (9, voice)], seconds=5) == pytest.approx(-28.6, abs=2)


def test_a_voice_is_looked_at_for_a_while_and_then_no_more():
    voice = VoiceDirection(azimuth_rad=0.4)
    assert gaze_deg([(1, voice)], seconds=4) == pytest.approx(22.9, abs=2)
    assert gaze_deg([(1, voice)], seconds=8) == pytest.approx(0, abs=2)


def test_a_voice_behind_it_turns_it_no_further_than_a_neck_goes():
    face = IdleFace(MotionSettings(), "local")
    for i in range(90):
        face.gaze.aim_at_voice(170.0, i / RATE_HZ)
        pose = face.step(i / RATE_HZ, AgentState.LISTENING, 0.0)
    assert 20 < np.degrees(2 * np.arcsin(pose.rotation[2])) < 40
