"""The command line as a user meets it: bad input ends with one line and exit code 2, good input with a result."""

import json
import os
import re
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.cli import VERBS, main
from avatar_ros.commands.expression_file import read_expression, write_expression
from avatar_ros.core.arkit import ARKIT_INDEX
from benchmarks.lib.question_files import speak
from fuzz import samples

ROOT = Path(__file__).resolve().parents[3]


def run(capfd, *arguments):
    """Exit code, standard output, standard error."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as left:
        code = left.code
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture
def weights(tmp_path):
    rows = np.zeros((6, 52), np.float32)
    rows[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 1, 6)
    write_expression(tmp_path / "weights.json", rows, 30.0)
    return tmp_path / "weights.json"


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_worth_reading(capfd, verb):
    code, out, _ = run(capfd, verb, "--help")
    assert code == 0 and len(out.splitlines()) > 5
    options = re.findall(r"^  (--?[a-z][\w-]*)[^\n]*\n?( {20,}\S[^\n]*)?", out, flags=re.M)
    assert options


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "VERB"),
        (("dance",), "invalid choice: 'dance'"),
        (("kiosk", "--profile", "huge"), "unknown profile 'huge'; known: embedded, natural, full"),
        (("kiosk", "--turns", "-1"), "turns is -1"),
        (("kiosk", "--turns", "many"), "invalid int value: 'many'"),
        (("kiosk", "--mic", "nowhere.wav"), "nowhere.wav does not exist"),
        (("kiosk", "--namespace", "9 lives"), "namespace is '9 lives'"),
        (("kiosk", "--record", "/no/such/folder/out.mp4"), "does not exist"),
        (("kiosk", "--avatar", "nobody.zip"), "nobody.zip does not exist"),
        (("validate", "nobody.zip"), "nobody.zip"),
        (("render", "--expression", "nowhere.json", "--out", "o.mp4"), "nowhere.json: no such file"),
        (("express", "nowhere.wav", "o.json"), "nowhere.wav"),
        (("express", "nowhere.wav", "/no/such/folder/o.json"), "does not exist"),
        (("avatars", "--sheet", "/no/such/folder/sheet.png"), "does not exist"),
        (("avatars", "--sheet", "head.zip"), "must end in .png"),
        (("doctor", "--json", "/no/such/folder/doctor.json"), "does not exist"),
        (("kiosk", "--axes", "up"), "unknown axes 'up'"),
        (("bench", "turn", "--turns", "-1"), "--turns is -1"),
        (("bench", "everything"), "invalid choice: 'everything'"),
    ],
)
def test_bad_input_ends_with_one_line(capfd, arguments, text):
    code, out, err = run(capfd, *arguments)
    said = (out + err).strip().splitlines()
    assert code == 2
    assert text in said[-1] and "Traceback" not in err
    assert len(said) == 1 or arguments[0] == "validate", said


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--size", "512", "WIDTHxHEIGHT"),
        ("--size", "9x9", "16 to 4096"),
        ("--fps", "0.1", "1 to 240"),
        ("--fps", "0", "1 to 240"),
        ("--out", "video.avi", "videos are written as .mp4"),
        ("--out", "/dev/full", "which is no folder"),
        ("--background", "reddish", "#rrggbb"),
        ("--backend", "magic", "unknown render backend 'magic'"),
        ("--avatar", "nobody.zip", "nobody.zip"),
    ],
)
def test_render_names_a_bad_option(capfd, weights, tmp_path, option, value, text):
    code, _, err = run(capfd, "render", "--expression", weights, "--out", tmp_path / "o.mp4", option, value)
    assert code == 2 and text in err and len(err.strip().splitlines()) == 1


def test_what_is_read_is_not_overwritten(capfd, weights, tmp_path):
    """`express a.wav a.wav` replaced the sound."""
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"somebody's only copy")
    code, _, err = run(capfd, "express", sound, tmp_path / "." / "a.wav")
    assert code == 2 and "in use for something else" in err and sound.read_bytes() == b"somebody's only copy"
    (tmp_path / "a.mp4").write_bytes(b"somebody's only copy")
    common = ("render", "--expression", weights)
    code, _, err = run(capfd, *common, "--audio", tmp_path / "a.mp4", "--out", tmp_path / "a.mp4")
    assert code == 2 and "in use for something else" in err


def test_render_writes_pictures_with_alpha_and_a_video(capfd, weights, tmp_path):
    import av
    import cv2

    pictures, video = tmp_path / "frames", tmp_path / "out.mp4"
    common = ("render", "--expression", weights, "--size", "96x128", "--backend", "cpu")
    assert run(capfd, *common, "--out", pictures)[0] == 0
    files = sorted(pictures.glob("*.png"))
    assert len(files) == 6
    first, last = (cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in (files[0], files[-1]))
    assert first.shape == (128, 96, 4)
    assert first[0, 0, 3] == 0 and first[64, 48, 3] > 250, "transparent beside the head, opaque on it"
    assert np.abs(first.astype(int) - last).max() > 30, "the mouth opens"
    assert run(capfd, *common, "--out", video)[0] == 0
    with av.open(str(video)) as container:
        assert len(list(container.decode(video=0))) == 6


def test_render_tells_what_of_a_file_it_could_not_use(capfd, tmp_path):
    row = {"weights": [0.5, float("nan"), 0.1]}
    tree = {"names": ["jawOpen", "jawLeft", "earWiggle"], "metadata": {"fps": 30}, "frames": [row] * 2}
    (tmp_path / "odd.json").write_text(json.dumps(tree))
    common = ("--size", "96x128", "--backend", "cpu", "--out", tmp_path / "frames")
    code, _, told = run(capfd, "render", "--expression", tmp_path / "odd.json", *common)
    assert code == 0 and "earWiggle" in told and "2 numbers were not finite" in told


def test_express_writes_the_documented_format(capfd, tmp_path):
    (pcm,) = speak(["Papa, mama."])
    stereo = np.repeat(pcm, 2).astype("<i2")
    with wave.open(str(tmp_path / "in.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(24000)
        file.writeframes(stereo.tobytes())
    out = tmp_path / "out.json"
    code, said, _ = run(capfd, "express", tmp_path / "in.wav", out, "--fps", "60")
    assert code == 0 and str(out) in said
    tree = json.loads(out.read_text())
    assert len(tree["names"]) == 52 and tree["metadata"]["fps"] == 60.0
    assert [f["time"] for f in tree["frames"]][:2] == [0.0, pytest.approx(1 / 60, abs=1e-5)]
    track = read_expression(out)
    assert track.duration_s == pytest.approx(len(pcm) / 24000, abs=0.05)
    assert track.weights[:, ARKIT_INDEX["jawOpen"]].max() > 0.1


def test_a_sound_without_a_frame_is_bad_input_and_writes_nothing(capfd, tmp_path):
    for rate, count in ((48000, 1), (16000, 1), (16000, 165)):
        with wave.open(str(tmp_path / "in.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(b"\1\0" * count)
        code, _, told = run(capfd, "express", tmp_path / "in.wav", tmp_path / "out.json")
        written = (tmp_path / "out.json").exists()
        assert (code, written) == (2, False) or (count > 100 and len(read_expression(tmp_path / "out.json").weights))
        assert "in.wav" in told or written


def test_heads_that_hang_are_turned_on_the_command_line(capfd, tmp_path, weights):
    hanging = replace(fake_avatar(400, names=()), neck=None)
    hanging = replace(hanging, positions=hanging.positions * np.float32([1, -1, -1]))
    (tmp_path / "a.ply").write_bytes(samples.plain_ply(hanging))
    code, said, _ = run(capfd, "validate", tmp_path / "a.ply")
    assert code == 0 and "--axes y_down" in said and "y -1." in said
    code, said, _ = run(capfd, "validate", "--axes", "y_down", tmp_path / "a.ply")
    assert code == 0 and "--axes" not in said and "y 1." in said
    common = ("--expression", weights, "--size", "32x32", "--avatar", tmp_path / "a.ply")
    for name, axes in (("hangs", ()), ("stands", ("--axes", "y_down"))):
        assert run(capfd, "render", *common, "--out", tmp_path / name, *axes)[0] == 0
    first = [cv2.imread(str(next((tmp_path / name).iterdir()))) for name in ("hangs", "stands")]
    assert (first[0] != first[1]).any()
    code, _, told = run(capfd, "validate", "--axes", "up", tmp_path / "a.ply")
    assert code == 2 and "invalid choice: 'up'" in told


def test_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m avatar_ros --help | head -1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.startswith("usage") and "Traceback" not in done.stderr
