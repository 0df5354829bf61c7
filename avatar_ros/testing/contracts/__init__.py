"""What the backends of a stage must do, as checks that anybody can run on a backend of their own.

    from avatar_ros.testing import contracts
    contracts.check_voice(MyVoice(TtsSettings(), MyVoice.Settings()))

Each `check_…` takes a backend that is not loaded yet, loads it, runs the stage's checks on it one after another, and
closes it. AssertionError says what is wrong. VOICE, RECOGNISER, DETECTOR, ENCODER and LIPS are the single checks, which
take one that is loaded, and CHAT those which load it themselves: for pytest.mark.parametrize.
"""

from .chat import CHAT, check_chat
from .detector import DETECTOR, check_detector
from .encoder import ENCODER, check_encoder
from .lips import LIPS, check_lips
from .recogniser import RECOGNISER, check_recogniser
from .voice import VOICE, check_voice

__all__ = [
    "CHAT",
    "DETECTOR",
    "ENCODER",
    "LIPS",
    "RECOGNISER",
    "VOICE",
    "check_chat",
    "check_detector",
    "check_encoder",
    "check_lips",
    "check_recogniser",
    "check_voice",
]
