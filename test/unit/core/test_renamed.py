"""Values that had another name in an earlier version are still understood."""

from avatar_ros.encoder.base import ENCODER_BACKENDS, EncoderSettings
from avatar_ros.encoder.phone_settings import PhoneSettings


def test_a_former_name_is_the_present_one():
    settings, own = EncoderSettings(backend="learned"), PhoneSettings(sound_by="learned")
    assert (settings.backend, own.sound_by) == ("network", "network")
    assert "network" in ENCODER_BACKENDS.names and "learned" not in ENCODER_BACKENDS.names
