"""Recordings: what stands in the file, at which time, and what survives a kill."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import AudioFrame
from avatar_ros.display.media import mono
from avatar_ros.display.recorder import Recorder, RecorderSettings
from benchmarks.lips.av_sync_recording import (
    click_times,
    flash_times,
    main,
    measure_sync,
    read_pictures,
    read_sound_track,
)

RATE = 24000
T0_NS = 7_000_000_000


def face(open_mouth: bool, index: int, size: int = 128) -> np.ndarray:
    """A picture [size, size, 4] with a mouth, and a head that nods slowly (so that something else moves too)."""
    rgba = np.full((size, size, 4), 255, np.uint8)
    rgba[:, :, :3] = 90
    top = 20 + round(6 * np.sin(index / 20))
    rgba[top : top + 60, 30:98, :3] = 150
    rgba[84:100, 44:84, :3] = (200, 80, 80) if open_mouth else (60, 30, 30)
    return rgba


def clicks(seconds: float, every_s: float, length: int = 24) -> np.ndarray:
    pcm = np.zeros(int(seconds * RATE), np.int16)
    for start in np.arange(every_s, seconds, every_s):
        at = round(start * RATE)
        pcm[at : at + length] = 20000 * np.sign(np.sin(np.arange(length) * 2 + 0.5))
    return pcm


def pieces(pcm: np.ndarray, start_ns: int, size: int = 480, jitter_ms: float = 0.0, seed: int = 1):
    rng = np.random.default_rng(seed)
    for first in range(0, len(pcm), size):
        shake = round(rng.uniform(-jitter_ms, jitter_ms) * 1e6)
        yield AudioFrame(
            sample_rate_hz=RATE, first_sample=first, pcm=pcm[first : first + size],
            steady_ns=start_ns + round(first / RATE * 1e9) + shake,
        )  # fmt: skip


def record(path: Path, offset_ms: float = 0.0, seconds: float = 4.0, fps: float = 30.0, **sound) -> Recorder:
    """A mouth that opens for one frame every half second, and a click `offset_ms` later."""
    recorder = Recorder(path, RecorderSettings(queue_frames=600))
    for index in range(int(seconds * fps)):
        at_s = index / fps
        opens = index > 0 and index % round(fps / 2) == 0
        assert recorder.add_frame(face(opens, index), T0_NS + round(at_s * 1e9))
    for piece in pieces(clicks(seconds, 0.5), T0_NS + round(offset_ms * 1e6), **sound):
        recorder.add_audio(piece)
    recorder.close()
    assert recorder.error == ""
    return recorder


@pytest.mark.parametrize("offset_ms", [0.0, 40.0, -40.0])
def test_offset_of_sound_is_measured_from_the_file(tmp_path, offset_ms):
    record(tmp_path / "a.mp4", offset_ms)
    report = measure_sync(tmp_path / "a.mp4")
    assert len(report.offsets_ms) == 7
    assert report.lonely_clicks == report.lonely_flashes == 0
    assert np.allclose(report.offsets_ms, offset_ms, atol=1.5)


def test_clicks_stand_within_a_millisecond_of_their_time(tmp_path):
    record(tmp_path / "a.mp4")
    times = click_times(read_sound_track(tmp_path / "a.mp4"))
    assert np.allclose(times, np.arange(0.5, 4.0, 0.5), atol=0.001)


def test_pictures_keep_an_irregular_rhythm(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    times_s = [0.0, 0.031, 0.07, 0.11, 0.5, 0.5083, 1.0]
    for number, at_s in enumerate(times_s):
        recorder.add_frame(face(False, number), T0_NS + round(at_s * 1e9))
    recorder.close()
    assert np.allclose(read_pictures(tmp_path / "a.mp4").times_s, times_s, atol=1e-4)
    assert recorder.frames == 7


def test_without_sound_the_file_has_pictures_alone(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    for index in range(40):
        recorder.add_frame(face(False, index), T0_NS + index * 33_000_000)
    recorder.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert [stream.type for stream in file.streams] == ["video"]
        assert sum(1 for _ in file.decode(video=0)) == recorder.frames


def test_nothing_recorded_leaves_no_file(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    recorder.add_audio(next(pieces(clicks(1, 0.5), T0_NS)))
    recorder.close()
    assert not list(tmp_path.iterdir())
    assert recorder.error == ""


def test_sound_that_began_before_the_picture_is_cut_and_later_sound_filled(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    pcm = clicks(4.0, 0.5)
    for piece in list(pieces(pcm, T0_NS - 1_250_000_000)):
        recorder.add_audio(piece)
    for index in range(60):
        recorder.add_frame(face(False, index), T0_NS + index * 33_000_000)
    recorder.close()
    times = click_times(read_sound_track(tmp_path / "a.mp4"))
    assert np.allclose(times, np.arange(0.25, 2.7, 0.5), atol=0.001)


def test_odd_sizes_are_grown_to_even_ones(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    recorder.add_frame(face(False, 0, size=129)[:, :127], T0_NS)
    recorder.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (128, 130)


def test_colours_come_back(tmp_path):
    colours = [(200, 40, 40), (40, 180, 60), (50, 60, 200), (230, 228, 222)]
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    for index, colour in enumerate(colours):
        recorder.add_frame(np.full((64, 64, 3), colour, np.uint8), T0_NS + index * 40_000_000)
    recorder.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        for frame, colour in zip(file.decode(video=0), colours, strict=True):
            assert np.abs(frame.to_ndarray(format="rgb24")[32, 32].astype(int) - colour).max() <= 8


def test_a_full_queue_drops_and_counts(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings(queue_frames=1))
    picture = face(False, 0, size=512)  # made once: handing it over must be much quicker than encoding it
    taken = [recorder.add_frame(picture, T0_NS + i * 33_000_000) for i in range(400)]
    recorder.close()
    assert recorder.frames == sum(taken)
    assert recorder.dropped == 400 - sum(taken) > 0


def test_frames_of_another_size_or_out_of_order_are_dropped(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    assert recorder.add_frame(face(False, 0), T0_NS)
    assert not recorder.add_frame(face(False, 0, size=64), T0_NS + 1)
    recorder.add_frame(face(False, 0), T0_NS - 1_000_000_000)
    recorder.close()
    assert (recorder.frames, recorder.dropped) == (1, 2)


def test_sound_of_another_rate_or_unknown_time_is_refused(tmp_path):
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings())
    assert not recorder.add_audio(AudioFrame(sample_rate_hz=16000, pcm=np.zeros(160, np.int16), steady_ns=T0_NS))
    assert not recorder.add_audio(AudioFrame(sample_rate_hz=RATE, pcm=np.zeros(240, np.int16)))
    recorder.close()
    assert recorder.refused == 2


def test_stereo_becomes_its_mean():
    sound = AudioFrame(channels=2, pcm=np.array([100, 300, -50, 50], np.int16))
    assert mono(sound).tolist() == [200, 0]


@pytest.mark.parametrize("name", ["missing/a.mp4", "a.avi", "folder.mp4"])
def test_paths_that_cannot_be_written_are_named(tmp_path, name):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(ConfigError, match=name.split("/")[0]):
        Recorder(tmp_path / name, RecorderSettings())


def test_a_rate_that_aac_cannot_is_refused():
    with pytest.raises(ConfigError, match="23456"):
        RecorderSettings(speech_rate_hz=23456)


def test_a_disk_that_fails_ends_the_recording_not_the_program(tmp_path):
    target = Path("/dev/full")
    if not target.exists():
        pytest.skip("no /dev/full on this machine")
    (tmp_path / "a.mp4").symlink_to(target)
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings(queue_frames=600))
    for index in range(200):
        recorder.add_frame(face(index % 2 == 0, index, size=256), T0_NS + index * 33_000_000)
    recorder.close()
    assert "a.mp4" in recorder.error
    assert not recorder.add_audio(next(pieces(clicks(1, 0.5), T0_NS)))


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from test_recorder import RATE, T0_NS, clicks, face, pieces, Recorder, RecorderSettings
recorder = Recorder(Path(sys.argv[1]), RecorderSettings(queue_frames=600))
sound = list(pieces(clicks(6.0, 0.5), T0_NS, size=800))
for index in range(180):
    recorder.add_frame(face(index % 15 == 0, index), T0_NS + round(index / 30 * 1e9))
    recorder.add_audio(sound[index])
    while recorder.frames + recorder.dropped <= index:
        pass
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_a_file_that_plays(tmp_path):
    path, here = tmp_path / "a.mp4", Path(__file__).resolve()
    command = [sys.executable, "-c", KILLED, str(path), str(here.parent), str(here.parents[3])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(read_pictures(path).times_s) >= 140
    report = measure_sync(path)
    assert len(report.offsets_ms) >= 8
    assert report.max_ms < 1.5


#: Records under a limit of the file's size, in place of a full disk: from the start, at the last fragment, or (the size
#: of the same recording being known) at the index that is written last.
FULL = """
import os, resource, sys, time
sys.path[:0] = sys.argv[2:4]
from pathlib import Path
from test_recorder import *
when, hard = sys.argv[4], resource.RLIM_INFINITY
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
def make(path, begin=hard, end=None):
    limit(begin)
    recorder = Recorder(path, RecorderSettings(queue_frames=600))
    sound = list(pieces(clicks(6.0, 0.5), T0_NS, size=800))
    rng = np.random.default_rng(0)
    for index in range(110):
        picture = face(index % 15 == 0, index)
        picture[:, :, :3] += rng.integers(0, 40, (128, 128, 3), np.uint8)
        recorder.add_frame(picture, T0_NS + round(index / 30 * 1e9))
        recorder.add_audio(sound[index])
        while recorder.frames + recorder.dropped <= index and not recorder.error:
            time.sleep(0.001)
    limit(end or hard)
    recorder.close()
    limit(hard)
    return recorder.error
path = Path(sys.argv[1])
if when == "start":
    print(make(path, begin=200_000))
else:
    assert make(path) == ""
    size = os.path.getsize(path)
    print(make(path, end=size - (100_000 if when == "last fragment" else 100)))
"""


@pytest.mark.parametrize("when", ["start", "last fragment", "index"])
def test_a_recording_cut_off_by_a_full_disk_says_so_and_plays(tmp_path, when):
    path, here = tmp_path / "a.mp4", Path(__file__).resolve()
    arguments = [str(path), str(here.parent), str(here.parents[3]), when]
    done = subprocess.run([sys.executable, "-c", FULL, *arguments], capture_output=True, text=True, timeout=120)
    assert "the recording" in done.stdout and "ended early: the file may not grow further" in done.stdout, done.stderr
    assert len(read_pictures(path).times_s) >= {"start": 30, "last fragment": 59, "index": 110}[when]
    assert measure_sync(path).max_ms < 1.5
    assert [item.name for item in tmp_path.iterdir()] == ["a.mp4"]


def test_closing_does_not_wait_for_an_encoder_that_is_behind(tmp_path, monkeypatch):
    """Whoever says stop kills after a few seconds: the file must be whole by then, with what there was time for."""
    from avatar_ros.display import mp4

    quick = mp4.Mp4File.picture

    def slow(self, yuv, at_s):
        time.sleep(0.4)
        return quick(self, yuv, at_s)

    monkeypatch.setattr(mp4.Mp4File, "picture", slow)
    recorder = Recorder(tmp_path / "a.mp4", RecorderSettings(queue_frames=600))
    for index in range(100):
        recorder.add_frame(face(False, index), T0_NS + round(index / 30 * 1e9))
    recorder.close()
    assert recorder.error == "" and recorder.frames + recorder.dropped == 100
    assert 2 <= recorder.frames < 20, "40 s of work"
    assert len(read_pictures(tmp_path / "a.mp4").times_s) == recorder.frames


def test_flashes_are_found_beside_other_motion(tmp_path):
    record(tmp_path / "a.mp4")
    assert np.allclose(flash_times(read_pictures(tmp_path / "a.mp4")), np.arange(0.5, 4.0, 0.5), atol=0.002)


def test_command_line_reports_and_judges(tmp_path, capsys):
    record(tmp_path / "late.mp4", offset_ms=60.0)
    assert main([str(tmp_path / "late.mp4"), "--json", str(tmp_path / "r.json")]) == 1
    assert "median +60" in capsys.readouterr().out or "median +59" in (tmp_path / "r.json").read_text()
    assert main([str(tmp_path / "late.mp4"), "--limit-ms", "70"]) == 0
    assert main([str(tmp_path / "missing.mp4")]) == 2
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    assert main([str(tmp_path / "bad.mp4")]) == 2
    assert capsys.readouterr().err.count("\n") == 2
