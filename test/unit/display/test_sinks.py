"""The renderer's sinks: a screen in its own thread, a recorder; nothing here sleeps."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import avatar_ros
from avatar_ros.core.clock import VirtualClock
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import AudioFrame, Sentence, Transcript
from avatar_ros.display.base import Captions, DisplaySettings, ScreenEvents, open_screen
from avatar_ros.display.fake import FakeScreen
from avatar_ros.display.panel_care import AS_IT_IS, Care
from avatar_ros.display.panel_power import PanelPower
from avatar_ros.display.recorder import Recorder, RecorderSettings
from avatar_ros.display.recorder_sink import RecorderSink
from avatar_ros.display.screen_sink import ScreenSink

SETTINGS = DisplaySettings(backend="fake")


def frame(value):
    return np.full((8, 6, 4), value, np.uint8)


class Opener:
    """Opens fakes, one after the other, and keeps them."""

    def __init__(self, *screens):
        self.screens = screens
        self._left = list(screens)

    def __call__(self):
        screen = self._left.pop(0)
        screen.open()
        return screen, ""


def sink_on(*screens, **options):
    return ScreenSink(SETTINGS, clock=VirtualClock(10.0), open_=Opener(*screens), **options)


def wait_until(holds):
    """For what another thread does; a minute is the limit of a machine that is busy, not of the code."""
    for _ in range(6000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def test_newest_frame_is_shown_as_it_was_when_handed_over():
    screen = FakeScreen(SETTINGS)
    sink = sink_on(screen)
    picture = frame(1)
    sink.show(picture, 9.5)
    picture[:] = 99
    sink.close()
    assert (screen.frames[-1][0] == 1).all()
    assert screen.frames[-1][1] == 9.5
    assert not screen.is_open


def test_every_frame_is_shown_or_counted_as_missed():
    screen = FakeScreen(SETTINGS)
    sink = sink_on(screen)
    for number in range(50):
        sink.show(frame(number), number / 30)
    sink.close()
    assert (screen.frames[-1][0] == 49).all()
    assert sink.shown == len(screen.frames)
    assert sink.shown + sink.missed == 50


def test_escape_leaves_once():
    left = threading.Event()
    calls = []
    screen = FakeScreen(SETTINGS, events=[ScreenEvents(), ScreenEvents(escape=True), ScreenEvents(closed=True)])
    sink = sink_on(screen, on_close=lambda: (calls.append(1), left.set()))
    assert left.wait(10)
    assert not sink.wants_frames()
    sink.close()
    assert calls == [1]


def test_a_lost_panel_is_opened_again():
    first, second = FakeScreen(SETTINGS, lose_at=1), FakeScreen(SETTINGS)
    sink = sink_on(first, second)
    sink.show(frame(1), 1.0)
    while not second.opened:
        sink.show(frame(2), 2.0)
    sink.show(frame(3), 3.0)
    sink.close()
    assert not first.is_open
    assert (second.frames[-1][0] == 3).all()
    assert "warning" not in sink.status()


def test_a_hidden_window_is_not_drawn_for_until_it_is_seen_again():
    turned = [threading.Event(), threading.Event()]

    class Hiding(FakeScreen):
        def poll(self):
            for event, visible in zip(turned, (False, True), strict=True):
                if event.is_set():
                    event.clear()
                    return ScreenEvents(visible=visible)
            return ScreenEvents()

    sink = sink_on(Hiding(SETTINGS), power=PanelPower(Path("/nowhere")))
    for event, wanted, told in zip(turned, (False, True), ("window hidden", None), strict=True):
        event.set()
        wait_until(lambda wanted=wanted: sink.wants_frames() is wanted)
        assert sink.status().get("screen_unseen") == told
    sink.close()


def test_a_panel_that_is_off_is_not_drawn_for(tmp_path):
    panel = tmp_path / "card0-HDMI-A-1"
    panel.mkdir()
    (panel / "status").write_text("connected")
    (panel / "dpms").write_text("Off")
    clock = VirtualClock(10.0)
    sink = ScreenSink(SETTINGS, clock=clock, open_=Opener(FakeScreen(SETTINGS)), power=PanelPower(tmp_path))
    assert not sink.wants_frames() and sink.status()["screen_unseen"] == "panel off"
    (panel / "dpms").write_text("On")
    clock.advance(2.0)
    assert sink.wants_frames() and "screen_unseen" not in sink.status()
    sink.close()


def test_the_panel_is_dimmed_by_night_and_wanders_while_idle():
    hour = [12.0]
    settings = DisplaySettings(backend="fake", night="22:00-06:00", night_brightness=0.4, night_fade_min=0.0)
    screen = FakeScreen(settings)
    sink = ScreenSink(settings, clock=VirtualClock(10.0), open_=Opener(screen), local_hour=lambda: hour[0])

    def shown_at(at_s):
        count = len(screen.frames)
        sink.show(frame(1), at_s)
        wait_until(lambda: len(screen.frames) > count)
        return screen.cared[-1]

    assert shown_at(10.0) == AS_IT_IS
    hour[0] = 23.0
    assert shown_at(11.0) == Care(0.4, 0, 0)
    assert shown_at(75.0) == Care(0.4, 1, 0)
    sink.hear("state", AvatarState(state=AgentState.SPEAKING))
    hour[0] = 6.0
    assert shown_at(1000.0) == Care(1.0, 1, 0)
    assert sink.status()["screen_brightness"] == "1.00"
    sink.close()


def test_the_size_follows_what_frames_cost():
    sink = sink_on(FakeScreen(SETTINGS))
    small = sink.frame_size()
    for _ in range(200):
        sink.drawn(0.001, 1 / 30, 0)
    assert sink.frame_size() == (SETTINGS.panel_width, SETTINGS.panel_height)
    assert small[0] < SETTINGS.panel_width and sink.status()["screen_scale"].startswith("1:")
    sink.close()


def test_a_scale_between_found_out_and_the_least_is_refused():
    with pytest.raises(ConfigError, match="scale"):
        DisplaySettings(scale=0.05)


def test_state_and_words_reach_the_screen():
    screen = FakeScreen(SETTINGS)
    sink = sink_on(screen)
    sink.hear("speech/transcript", Transcript(text="hello"))
    sink.hear("speech/sentence", Sentence(text="Hi."))
    sink.hear("state", AvatarState(state=AgentState.SPEAKING))
    sink.show(frame(1), 1.0)
    sink.close()
    assert screen.told[-1] == (AgentState.SPEAKING, Captions("hello", "Hi."))


def test_a_screen_that_cannot_be_had_is_said_at_once():
    def fail():
        raise ConfigError("no_screen", "no screen: nothing is plugged in")

    with pytest.raises(ConfigError, match="plugged in"):
        ScreenSink(SETTINGS, open_=fail)


def test_off_wants_nothing_drawn():
    sink = ScreenSink(DisplaySettings(backend="off"))
    assert not sink.wants_frames()
    assert sink.status()["screen"] == "off"
    sink.close()


def test_fake_is_chosen_by_name():
    screen, text = open_screen(SETTINGS)
    assert (screen.name, text) == ("fake", "")


def test_recorder_sink_records_frames_and_what_was_played(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    sink = RecorderSink(recorder)
    assert sink.wants_frames()
    pcm = np.zeros(24000, np.int16)
    sink.hear("mic/audio", AudioFrame(sample_rate_hz=16000, pcm=pcm, steady_ns=10))
    sink.hear("speech/played", AudioFrame(sample_rate_hz=24000, pcm=pcm, steady_ns=1_000_000_000))
    sink.show(np.zeros((64, 64, 4), np.uint8), 1.0)
    sink.close()
    assert (recorder.frames, recorder.refused) == (1, 0)
    assert sink.status()["recorded_frames"] == "1"
    assert (tmp_path / "a.mp4").stat().st_size > 1000


def test_nothing_large_is_loaded_before_it_is_used():
    code = (
        "import sys; import avatar_ros.display.screen_sink, avatar_ros.display.recorder_sink\n"
        "import benchmarks.lips.av_sync_recording\n"
        "print(sorted({'av', 'cv2', 'pygame', 'rclpy'} & set(sys.modules)))"
    )
    root = Path(avatar_ros.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
