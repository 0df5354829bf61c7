"""The scorer of lips: as its definition written down slowly, and as the judge's script where that is at hand."""

import json
import math
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.errors import ConfigError
from benchmarks.lips.scorer import (
    SCORES,
    Interval,
    Track,
    auc,
    gap_per_weight,
    interval_95,
    intervals,
    lag_ms,
    measure,
    paired_difference,
    scores,
)
from benchmarks.lips.scores import RecordedPeople, summary
from recordings import DATA

JUDGE = DATA.parent / "tools" / "lipsync_score.py"
PHONES = "sil cl p vcl b m P B M AH0 AH1 aa iy UW1 uw w y er oy s t x_k".split()


# --- the definition, slowly


def slow_auc(low, high):
    if not low or not high:
        return math.nan
    won = [1.0 if a < b else 0.5 if a == b else 0.0 for a in low for b in high]
    return sum(won) / len(won)


def slow_gap(track, time_s, lag_s):
    position = min(max((time_s + lag_s) * track.fps, 0.0), len(track.gap_mm) - 1.0)
    low = int(position)
    high = min(low + 1, len(track.gap_mm) - 1)
    return track.gap_mm[low] * (1 - (position - low)) + track.gap_mm[high] * (position - low)


def slow_scores(tracks, lag_s=0.0):
    middle = {"closure": [], "open": [], "closed": [], "vowel": []}
    shut = []
    for track in tracks:
        for kind, start_s, end_s in track.intervals:
            gap = slow_gap(track, (start_s + end_s) / 2, lag_s)
            middle[kind].append(gap)
            if kind == "closure":
                inside = [
                    value for i, value in enumerate(track.gap_mm)
                    if start_s - 1 / track.fps <= i / track.fps - lag_s <= end_s + 1 / track.fps
                ]  # fmt: skip
                shut.append(min(inside, default=gap) < 2.0)
    return {
        "closure_auc": slow_auc(middle["closure"], middle["vowel"]),
        "closure_recall": sum(shut) / len(shut) if shut else math.nan,
        "open_auc": slow_auc(middle["closed"], middle["open"]),
        "mean_open_mm": sum(middle["open"]) / len(middle["open"]) if middle["open"] else math.nan,
        "closures": len(middle["closure"]),
        "vowels": len(middle["vowel"]),
    }


def same(ours, slow):
    assert ours.keys() == slow.keys()
    for key, value in slow.items():
        assert ours[key] == pytest.approx(value, abs=1e-9, nan_ok=True), key


def some_track(seed, phones=None, fps=100.0):
    rng = np.random.default_rng(seed)
    phones = phones if phones is not None else list(rng.choice(PHONES, 40))
    end_s = np.cumsum(rng.uniform(0.02, 0.2, len(phones)))
    gap = np.abs(rng.normal(5, 4, max(int(end_s[-1] * fps) - 3, 2))).round(1)  # rounded: some are equal
    return Track(gap, fps, list(intervals(phones, list(end_s))))


@pytest.mark.parametrize("lag_s", [0.0, 0.05, -0.2])
def test_scores_are_as_their_definition_says(lag_s):
    tracks = [some_track(seed, fps=fps) for seed, fps in enumerate((100.0, 30.0, 60.0))]
    same(scores(measure(tracks, lag_s)), slow_scores(tracks, lag_s))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from(PHONES), min_size=1, max_size=12))
def test_so_they_are_where_kinds_are_missing(seed, phones):
    tracks = [some_track(seed, phones)]
    same(scores(measure(tracks)), slow_scores(tracks))


@settings(max_examples=60, deadline=None)
@given(*[st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0]), max_size=8)] * 2)
def test_auc_counts_pairs(low, high):
    assert auc(np.array(low), np.array(high)) == pytest.approx(slow_auc(low, high), nan_ok=True)


def test_lips_that_shut_late_are_found_to_be_late():
    phones, end_s = ["aa", "m", "aa", "iy"] * 6, [0.25 * (i + 1) for i in range(24)]
    opening = {"aa": 12.0, "m": 0.0, "iy": 4.0}
    gap = np.repeat([opening[phone] for phone in phones], 25)
    for late_ms in (-80, 0, 60):
        track = Track(np.roll(gap, late_ms // 10), 100.0, list(intervals(phones, end_s)))
        found = lag_ms([track])
        # Any shift is as good that leaves the middles of intervals where they belong: 120 ms either way.
        assert abs(found - late_ms) <= 120 and scores(measure([track], found / 1000))["closure_auc"] == 1.0
    smooth = Track(6 - 6 * np.cos(2 * np.pi * np.arange(600) / 50 - 1.5), 100.0, [
        each for i in range(1, 11) for each in (
            Interval("closure", 0.5 * i, 0.5 * i + 0.02), Interval("vowel", 0.5 * i + 0.02, 0.5 * i + 0.04),
            Interval("open", 0.5 * i + 0.25, 0.5 * i + 0.27), Interval("closed", 0.5 * i + 0.29, 0.5 * i + 0.31))
    ])  # fmt: skip
    assert lag_ms([smooth]) == max(range(-200, 201, 10), key=lambda lag: sum(
        slow_scores([smooth], lag / 1000)[key] for key in ("closure_auc", "open_auc")))  # fmt: skip


@pytest.mark.parametrize(
    ("phones", "closures"),
    [
        (["m"], [(0.0, 1.0)]),
        (["cl", "p"], [(0.0, 1.0)]),  # TIMIT labels the closure by itself
        (["vcl", "b", "vcl", "d"], [(0.0, 1.0)]),
        (["cl", "t"], []),
        (["P", "AA1", "B"], [(0.0, 0.6), (2.0, 2.6)]),  # one label for closure and release
        (["cl"], []),
        (["x_p", "em"], []),
    ],
)
def test_closures_of_either_alphabet(phones, closures):
    found = [each for each in intervals(phones, [1.0 + i for i in range(len(phones))]) if each.kind == "closure"]
    assert [each[1:] for each in found] == [pytest.approx(each) for each in closures]


def test_vowels_are_open_closed_both_or_neither():
    kinds = {
        phone: {each.kind for each in intervals([phone], [1.0])} for phone in ("AA1", "IY0", "AH0", "er", "w", "s")
    }
    assert kinds == {"AA1": {"open", "vowel"}, "IY0": {"closed", "vowel"}, "AH0": set(), "er": {"vowel"},
                     "w": {"closed"}, "s": set()}  # fmt: skip


def test_intervals_hold_the_score_and_narrow_with_more_closures():
    few, many = [measure([some_track(seed) for seed in range(count)]) for count in (4, 40)]
    widths = []
    for samples in (few, many):
        found, ends = scores(samples), interval_95(samples)
        for key in SCORES:
            assert ends[key][0] <= found[key] <= ends[key][1]
        widths.append(ends["closure_auc"][1] - ends["closure_auc"][0])
    assert widths[1] < 0.6 * widths[0]


def test_differences_are_paired():
    theirs = [some_track(seed) for seed in range(6)]
    ours = [track._replace(gap_mm=track.gap_mm + 0.1) for track in theirs]
    shifted = paired_difference(measure(ours), measure(theirs), draws=200)
    assert shifted["closure_auc"] == [0.0, 0.0, 0.0], "the same order of the same closures and vowels"
    better = [
        track._replace(gap_mm=np.where(_in_closure(track), 0.0, track.gap_mm + 1.0)) for track in theirs
    ]  # fmt: skip
    gain, low, high = paired_difference(measure(better), measure(theirs), draws=200)["closure_auc"]
    assert 0 < low <= gain <= high
    with pytest.raises(ValueError, match="same labels"):
        paired_difference(measure(ours[:-1]), measure(theirs))


def _in_closure(track):
    times_s = np.arange(len(track.gap_mm)) / track.fps
    spans = [each for each in track.intervals if each.kind == "closure"]
    return np.any([(times_s >= start - 0.02) & (times_s <= end + 0.02) for _, start, end in spans], axis=0)


# --- the lips of an avatar


def zip_with_lips(path, names=("mouthClose", "jawOpen", "mouthPucker")):
    """Two lips of five vertices each, 4 mm apart; chin and nose beside them. Jaw: 20 mm, mouthClose lifts it by 15."""
    x = np.linspace(-0.02, 0.02, 5)
    lips = [[(a, y, 0.0) for a in x] for y in (1.502, 1.498)]
    rest = np.array([*lips[0], *lips[1], (0.0, 1.45, 0.0), (0.0, 1.56, 0.0)], np.float32)
    lower = np.arange(len(rest)) // 5 == 1
    deltas = {
        "jawOpen": np.where((lower | (rest[:, 1] < 1.46))[:, None], [0, -0.020, 0], [0, -0.001, 0]),
        "mouthClose": np.where(lower[:, None], [0, 0.015, 0], 0.0),
        "mouthPucker": np.where((np.arange(len(rest)) < 10)[:, None], [0, 0, 0.01], 0.0),
    }
    arrays = [rest, *(np.asarray(deltas[name], np.float32) for name in names)]
    binary = b"".join(array.astype("<f4").tobytes() for array in arrays)
    document = {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": i * rest.nbytes, "byteLength": rest.nbytes} for i in range(len(arrays))
        ],
        "accessors": [
            {"bufferView": i, "componentType": 5126, "count": len(rest), "type": "VEC3"} for i in range(len(arrays))
        ],
        "meshes": [{
            "primitives": [
                {"attributes": {"POSITION": 0}, "targets": [{"POSITION": i + 1} for i in range(len(names))]}
            ],
            "extras": {"targetNames": list(names)},
        }],
        "nodes": [{"mesh": 0}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("head/skin.glb", struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return path


def test_a_weight_parts_the_lips_by_what_its_morph_moves_them(tmp_path):
    mm = dict(zip(ARKIT_NAMES, gap_per_weight(zip_with_lips(tmp_path / "a.zip")), strict=True))
    assert mm["jawOpen"] == pytest.approx(19.0, abs=1e-3) and mm["mouthClose"] == pytest.approx(-15.0, abs=1e-3)
    assert mm["mouthPucker"] == pytest.approx(0.0) and mm["eyeBlinkLeft"] == 0.0


def test_an_avatar_whose_lips_cannot_be_found_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"b\.zip.*mouthPucker"):
        gap_per_weight(zip_with_lips(tmp_path / "b.zip", names=("jawOpen", "mouthClose")))


# --- the judge


@pytest.mark.data
@pytest.mark.skipif(not JUDGE.is_file(), reason=f"needs {JUDGE.name} in ../shared/tools, and ../shared/data")
def test_the_judge_s_script_says_the_same_to_three_decimals(tmp_path):
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    from avatar_ros.encoder.encode import load_encoder

    encoder = load_encoder()
    try:
        people = RecordedPeople(DATA, "james.zip", encoder)
        weights = {name: people.weights(name, "text") for name in people.names if name.startswith("spk1")}
    finally:
        encoder.close()
    assert len(weights) == 4
    given = json.loads((DATA / "speech" / "transcripts.json").read_text())
    files = [judge_s_file(tmp_path / f"{name}.json", name, each) for name, each in weights.items()]
    for avatar in ("james.zip", "p2-1.zip"):
        per_weight = gap_per_weight(DATA / "avatars" / avatar)
        tracks = {}
        for name, each in weights.items():
            end_s = [end / 16000 for end in given[name]["phone_end_samples_16k"]]
            tracks[name] = Track(each @ per_weight, 100.0, list(intervals(given[name]["phones"], end_s)))
        command = [sys.executable, JUDGE, DATA / "avatars" / avatar, DATA / "speech" / "transcripts.json", *files]
        said = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=300).stdout
        assert summary(tracks) == json.loads(said)


def judge_s_file(path, name, weights):
    """The form that LAM's expression files have; what the script is given."""
    frames = [{"weights": row} for row in weights.tolist()]
    path.write_text(json.dumps({"names": list(ARKIT_NAMES), "metadata": {"fps": 100.0}, "frames": frames}))
    return f"{name}={path}"
