"""Offline writers: every frame at its time, sound with the first, alpha kept."""

import resource
import wave

import av
import cv2
import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.display.export import decode_sound, write_pngs, write_video
from benchmarks.lips.av_sync_recording import click_times, read_pictures, read_sound_track


def frames(count, size=64):
    for index in range(count):
        rgba = np.full((size, size, 4), 255, np.uint8)
        rgba[:, :, :3] = 40 + 5 * index
        yield rgba


def click_wav(path, at_s=(0.0, 0.5), rate=24000, seconds=1.2):
    pcm = np.zeros(int(seconds * rate), np.int16)
    for at in at_s:
        pcm[round(at * rate)] = 30000
        pcm[round(at * rate) + 1] = -30000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
    return path


def test_frames_stand_at_their_times(tmp_path):
    assert write_video(tmp_path / "a.mp4", frames(30), 25.0) == 30
    pictures = read_pictures(tmp_path / "a.mp4")
    assert np.allclose(pictures.times_s, np.arange(30) / 25, atol=1e-4)
    assert np.abs(pictures.grey[:, 20, 20].astype(int) - (40 + 5 * np.arange(30))).max() <= 3


def test_sound_is_in_place_from_the_very_first_sample(tmp_path):
    sound = click_wav(tmp_path / "s.wav", at_s=(0.01, 0.5, 1.0))
    write_video(tmp_path / "a.mp4", frames(30), 30.0, sound)
    track = read_sound_track(tmp_path / "a.mp4")
    assert np.allclose(click_times(track), [0.01, 0.5, 1.0], atol=0.001)


def test_any_rate_is_resampled_in_place(tmp_path):
    pcm = decode_sound(click_wav(tmp_path / "s.wav", at_s=(0.5,), rate=16000))
    assert abs(len(pcm) - 1.2 * 48000) <= 2
    assert abs(int(np.abs(pcm.astype(int)).argmax()) - 24000) <= 4


def test_video_without_sound_has_one_stream(tmp_path):
    write_video(tmp_path / "a.mp4", frames(3), 30.0)
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert len(file.streams) == 1


def test_alpha_is_kept_in_pngs(tmp_path):
    rgba = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    assert write_pngs(tmp_path / "new" / "folder", [rgba, rgba[:, :, :3]]) == 2
    back = cv2.imread(str(tmp_path / "new" / "folder" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(back[:, :, [2, 1, 0, 3]], rgba)
    assert cv2.imread(str(tmp_path / "new" / "folder" / "000001.png"), cv2.IMREAD_UNCHANGED).shape == (5, 7, 3)


def test_nothing_to_write_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no frame"):
        write_video(tmp_path / "a.mp4", [], 30.0)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a sound at all" * 10])
def test_sound_that_cannot_be_read_is_named(tmp_path, content):
    (tmp_path / "s.wav").write_bytes(content)
    with pytest.raises(ConfigError, match=r"s\.wav"):
        write_video(tmp_path / "a.mp4", frames(3), 30.0, tmp_path / "s.wav")
    assert not (tmp_path / "a.mp4").exists()


def test_a_sound_of_many_hours_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("avatar_ros.display.export.MAX_SOUND_S", 0.5)
    with pytest.raises(ConfigError, match=r"s\.wav' lasts more than"):
        decode_sound(click_wav(tmp_path / "s.wav", at_s=(0.1, 0.9), rate=16000))


@pytest.mark.parametrize("data", [b"", b"RIFF\x24\0\0\0WAVE", b"ID3", bytes(1000)])
def test_what_is_no_sound_is_named(tmp_path, data):
    (tmp_path / "s.wav").write_bytes(data)
    with pytest.raises(ConfigError, match=r"s\.wav"):
        decode_sound(tmp_path / "s.wav")


def test_missing_sound_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.wav"):
        decode_sound(tmp_path / "none.wav")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        write_pngs(tmp_path / "file" / "pngs", frames(1))


def test_what_ends_in_the_middle_leaves_the_video_that_was_there(tmp_path):
    def broken():
        yield from frames(5)
        raise OSError(28, "No space left on device")

    for path in (tmp_path / "old.mp4", tmp_path / "new.mp4"):
        if path.name == "old.mp4":
            path.write_bytes(b"the old one")
        with pytest.raises(OSError, match="No space"):
            write_video(path, broken(), 30.0)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old.mp4", b"the old one")]


def test_a_picture_that_found_no_room_leaves_no_half_of_it(tmp_path):
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, old[1]))
    try:
        noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
        with pytest.raises(ConfigError, match="disk full"):
            write_pngs(tmp_path, [noise])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert not list(tmp_path.iterdir())
