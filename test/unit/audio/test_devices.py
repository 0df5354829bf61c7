"""Which device is chosen, and when its samples are heard."""

import numpy as np
import pytest

from avatar_ros.audio.device_clock import DeviceClock
from avatar_ros.audio.devices import candidates, sockets_in_use
from avatar_ros.core.errors import ConfigError
from avatar_ros.mic.sounddevice import CardIntake
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.gain_ramp import GainRamp
from avatar_ros.speaker.sounddevice import CardFeed

OUT, IN = "max_output_channels", "max_input_channels"


def device(index, name, inputs=0, outputs=0):
    return {"index": index, "name": name, IN: inputs, OUT: outputs}


HDMI = device(0, "HDA NVidia: HDMI 0 (hw:0,3)", outputs=8)
ANALOG = device(1, "HDA Intel: ALC256 Analog (hw:1,0)", inputs=2, outputs=2)
USB = device(2, "USB PnP Audio: USB Audio (hw:2,0)", inputs=1)
DEFAULT = device(3, "default", inputs=2, outputs=2)
MONITOR = device(4, "Monitor of Built-in Audio", inputs=2)


def names(devices, wanted, channels, default=3, screen=False):
    return [row["index"] for row in candidates(devices, wanted, channels, default, screen)]


def test_auto_takes_the_default_first():
    assert names([ANALOG, DEFAULT], "auto", OUT) == [3, 1]


def test_auto_skips_an_unplugged_screen_and_a_default_that_leads_to_it():
    assert names([HDMI, ANALOG, DEFAULT], "auto", OUT) == [1, 3] or names([HDMI, ANALOG, DEFAULT], "auto", OUT)[0] == 1


def test_auto_takes_a_screen_that_is_plugged_in():
    assert names([HDMI, ANALOG, DEFAULT], "auto", OUT, screen=True)[0] == 3


def test_only_an_unplugged_screen_is_no_loudspeaker():
    with pytest.raises(ConfigError, match="not plugged in") as caught:
        names([HDMI], "auto", OUT)
    assert caught.value.code == "no_loudspeaker"


def test_monitors_are_no_microphones():
    assert names([MONITOR, USB], "auto", IN) == [2]


@pytest.mark.parametrize("wanted", ["2", "usb pnp", "USB PnP Audio: USB Audio (hw:2,0)"])
def test_device_by_number_name_or_part_of_it(wanted):
    assert names([ANALOG, USB, DEFAULT], wanted, IN) == [2]


def test_missing_microphone_names_what_is_there_and_what_to_do():
    with pytest.raises(ConfigError, match=r"'Jabra'.*2 'USB PnP.*--mic FILE\.wav") as caught:
        names([USB], "Jabra", IN)
    assert caught.value.code == "no_microphone"
    with pytest.raises(ConfigError, match="found: none"):
        names([], "auto", IN)


def test_eld_files_tell_whether_a_screen_is_plugged_in(tmp_path):
    (tmp_path / "card0").mkdir()
    assert not sockets_in_use(tmp_path)
    (tmp_path / "card0" / "eld#0.0").write_text("monitor_present\t\t0\neld_valid\t\t0\n")
    assert not sockets_in_use(tmp_path)
    (tmp_path / "card0" / "eld#0.1").write_text("monitor_present\t\t1\n")
    assert sockets_in_use(tmp_path)


def test_device_clock_smooths_jitter_and_follows_drift():
    rng = np.random.default_rng(1)
    clock = DeviceClock(48000)
    errors = []
    for i in range(5000):
        true_s = 5.0 + i * 480 / 48000 * 1.0001  # 100 ppm slow
        errors.append(clock.measure(480 * i, true_s + rng.uniform(-0.005, 0.005)) - true_s)
    assert np.abs(errors[500:]).max() < 0.002
    assert clock.jumps == 0


def test_device_clock_jumps_after_a_stall():
    clock = DeviceClock(48000)
    clock.measure(0, 1.0)
    assert clock.measure(480, 1.51) == pytest.approx(1.51)
    assert clock.jumps == 1


@pytest.mark.parametrize("card_rate", [24000, 48000, 44100, 16000])
def test_card_feed_says_when_each_sample_is_heard(card_rate):
    """A click rendered `at_s` must leave the card at that instant, whatever the card's rate."""
    asked = []

    def render(count, at_s):
        pcm = np.zeros(count, np.int16)
        first = sum(n for n, _ in asked)
        asked.append((count, at_s))
        if first <= 12000 < first + count:
            pcm[12000 - first] = 20000
            promised.append(at_s + (12000 - first) / 24000)
        return pcm

    promised = []
    feed = CardFeed(render, 24000, card_rate)
    block = card_rate // 100
    out = np.concatenate([feed.fill(block, 3.0 + i * 0.01) for i in range(100)])
    assert len(out) == card_rate
    heard_s = 3.0 + np.argmax(np.abs(out)) / card_rate
    assert heard_s == pytest.approx(promised[0], abs=1.01 / card_rate)
    assert sum(n for n, _ in asked) <= 24000 + 24000 * 0.045


@pytest.mark.parametrize("card_rate", [16000, 48000, 44100])
def test_card_intake_keeps_the_instants(card_rate):
    intake = CardIntake(card_rate)
    pcm = np.zeros(card_rate, np.int16)
    pcm[card_rate // 2] = 20000
    size = card_rate // 50
    blocks = [intake.take(pcm[i * size : (i + 1) * size], 8.0 + i * 0.02) for i in range(50)]
    loud = [(b.at_s + np.argmax(np.abs(b.pcm)) / 16000, np.abs(b.pcm).max()) for b in blocks if len(b.pcm)]
    assert max(loud, key=lambda row: row[1])[0] == pytest.approx(8.5, abs=1e-4)


def test_gain_ramp_is_exact_over_any_blocks():
    pcm = np.full(1000, 10000, np.int16)
    outs = []
    for size in (1, 33, 1000):
        ramp = GainRamp()
        ramp.aim(0.25, 400)
        outs.append(np.concatenate([ramp.apply(pcm[i : i + size]) for i in range(0, 1000, size)]))
        assert ramp.remaining == 0 and ramp.gain == 0.25
    for out in outs:
        assert np.abs(out.astype(int) - outs[0]).max() <= 1
        assert (out[400:] == 2500).all() and out[0] < 10000


def test_speaker_settings_refuse_nonsense():
    with pytest.raises(ConfigError, match="duck_db"):
        SpeakerSettings(duck_db=3.0)
