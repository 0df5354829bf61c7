"""Recordings are put together from folders of others: found by their sums, labels read, nothing overwritten."""

import hashlib
import json
import os
import wave
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("yaml", reason="PyYAML is not installed")
import yaml

from avatar_ros.core.errors import ConfigError
from benchmarks.lib import data_folder
from benchmarks.lib.noise_and_reverb import read_wav
from benchmarks.lips import collect_recordings
from benchmarks.lips.collect_recordings import catalogue, main
from benchmarks.lips.phone_labels import read_labels

ROOT = Path(__file__).resolve().parents[3]
PHN = "0 800 sil\n800 1600 cl\n1600 2400 p\n2400 4000 aa\n4000 9000 sil\n"
SHORT_GRID = '''File type = "ooTextFile"
Object class = "TextGrid"

0
0.5
<exists>
3
"IntervalTier"
"words"
0
0.5
2
0
0.3
"say ""pa"""
0.3
0.5
""
"TextTier"
"bells"
0
0.5
1
0.2
"ding 3"
"IntervalTier"
"phones"
0
0.5
3
0
0.1
"P"
0.1
0.3
"AA1"
0.3
0.5
""
'''
LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.5
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5e-1
            text = "m"
        intervals [2]:
            xmin = 1.5e-1
            xmax = 0.5
            text = "iy"
"""


def sound(path, samples, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.random.default_rng(seed).integers(-999, 999, samples).astype(np.int16).tobytes())


def published(folder, path):
    data = (folder / path).read_bytes()
    return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Two projects' checkouts, and a catalogue of what is wanted of them."""
    first, second = tmp_path / "first", tmp_path / "second"
    sound(first / "a" / "one.wav", 3000)
    (first / "a" / "long.phn").write_text(PHN)
    sound(second / "two.wav", 8000, seed=1)
    (second / "two.TextGrid").write_text(SHORT_GRID)
    sound(second / "speech.wav", 500, seed=2)
    tree = {
        "sources": {
            "First": {"project": "someone/first", "commit": "0123456789abcdef", "licence": "MIT"},
            "Second": {"project": "other/second", "commit": "fedcba9876543210", "licence": "Apache-2.0"},
        },
        "files": [
            {"to": "speech/one.wav", "source": "First", "file": published(first, "a/one.wav"),
             "labels": published(first, "a/long.phn"), "begin_sample": 800, "text": "PA"},
            {"to": "speech/two.wav", "source": "Second", "file": published(second, "two.wav"),
             "labels": published(second, "two.TextGrid")},
            {"to": "speech/plain.wav", "source": "Second", "file": published(second, "speech.wav"), "text": "HM"},
            {"to": "acoustics/hiss.wav", "source": "Second", "file": published(second, "speech.wav")},
        ],
    }  # fmt: skip
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    monkeypatch.setattr(collect_recordings, "CATALOGUE", tmp_path / "list.yaml")
    return first, second


def collect(to, *folders):
    return main([*(["--from", *map(str, folders)] if folders else []), "--to", str(to)])


def entries(to):
    return json.loads((to / "speech" / "transcripts.json").read_text())


def test_what_lies_under_other_names_is_found_and_its_labels_are_turned_into_transcripts(sources, tmp_path, capsys):
    first, second = sources
    (first / "a" / "one.wav").rename(first / "renamed.bin")
    assert collect(tmp_path / "to", first, second) == 0
    assert "4 of 4" in capsys.readouterr().out
    assert entries(tmp_path / "to") == {
        "one": {"text": "PA", "phones": ["cl", "p", "aa"], "phone_end_samples_16k": [800, 1600, 3000]},
        "two": {"text": 'SAY "PA"', "phones": ["P", "AA1", "sil"], "phone_end_samples_16k": [1600, 4800, 8000]},
        "plain": {"text": "HM"},
    }
    np.testing.assert_array_equal(*[read_wav(p)[0] for p in (first / "renamed.bin", tmp_path / "to/speech/one.wav")])
    assert (tmp_path / "to" / "acoustics" / "hiss.wav").read_bytes() == (second / "speech.wav").read_bytes()


def test_what_is_missing_is_named_with_where_it_is_published(sources, tmp_path, capsys):
    first, _ = sources
    (first / "a" / "long.phn").write_text(PHN.replace("p", "b"))  # of the right size and name, but another sum
    assert collect(tmp_path / "to", first) == 1
    said = capsys.readouterr().out
    for part in (
        "0 of 4",
        "someone/first",
        "a/long.phn",
        "MIT",
        "other/second",
        "two.TextGrid",
        "Apache-2.0",
        "fedcba9876",
    ):
        assert part in said
    assert "a/one.wav" not in said, "it is there"
    assert not (tmp_path / "to" / "speech").exists(), "a recording without its labels is not taken"


def test_without_folders_it_tells_what_is_needed(sources, tmp_path, capsys):
    assert collect(tmp_path / "to") == 1
    assert "git clone" in capsys.readouterr().out


def test_sources_may_come_one_after_the_other_in_any_order(sources, tmp_path):
    first, second = sources
    assert collect(tmp_path / "once", first, second) == 0
    assert collect(tmp_path / "twice", second) == 1
    assert collect(tmp_path / "twice", first) == 0, "what was collected before counts"
    assert collect(tmp_path / "twice") == 0
    assert list(entries(tmp_path / "twice").items()) == list(entries(tmp_path / "once").items())


def test_files_of_the_user_stay(sources, tmp_path):
    to = tmp_path / "to"
    sound(to / "speech" / "mine.wav", 100)
    mine = {"mine": {"text": "MINE"}}
    (to / "speech" / "transcripts.json").write_text(json.dumps(mine))
    assert collect(to, *sources) == 0
    assert entries(to)["mine"] == mine["mine"] and set(entries(to)) == {"mine", "one", "two", "plain"}
    (to / "speech" / "two.wav").write_bytes(b"my own")
    with pytest.raises(ConfigError, match=r"two\.wav"):
        collect(to, *sources)
    assert (to / "speech" / "two.wav").read_bytes() == b"my own"


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_transcript_is_named_and_kept(sources, tmp_path, text):
    path = tmp_path / "to" / "speech" / "transcripts.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"transcripts\.json"):
        collect(tmp_path / "to", *sources)
    assert path.read_text() == text


def test_odd_things_in_the_folders_are_passed_over(sources, tmp_path):
    first, second = sources
    (first / "loop").symlink_to(first)
    (first / "gone").symlink_to(first / "nowhere")
    os.mkfifo(first / "pipe")
    (first / "empty.wav").write_bytes(b"")
    assert collect(tmp_path / "to", first, second) == 0
    with pytest.raises(ConfigError, match="nowhere"):
        collect(tmp_path / "to", tmp_path / "nowhere")


# --- labels


@pytest.mark.parametrize(
    ("name", "text", "begin", "samples", "phones"),
    [
        ("a.phn", PHN, 0, 9000, [("sil", 800), ("cl", 1600), ("p", 2400), ("aa", 4000), ("sil", 9000)]),
        ("a.phn", PHN, 1000, 2000, [("cl", 600), ("p", 1400), ("aa", 2000)]),  # begins inside a phone, ends inside one
        ("a.phn", "\n0 160 m \r\n160 320 aa\r\n\n", 0, 320, [("m", 160), ("aa", 320)]),
        ("a.TextGrid", SHORT_GRID, 0, 8000, [("P", 1600), ("AA1", 4800), ("sil", 8000)]),
        ("a.TextGrid", LONG_GRID, 0, 7900, [("m", 2400), ("iy", 7900)]),
        ("a.TextGrid", "\ufeff" + LONG_GRID, 0, 7900, [("m", 2400), ("iy", 7900)]),
    ],
)
def test_labels_of_each_kind(tmp_path, name, text, begin, samples, phones):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_labels(tmp_path / name, begin, samples)[0] == phones


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.phn", "0 800\n"),
        ("a.phn", "0 800 sil\n900 1000 p\n"),  # a hole
        ("a.phn", "0 x sil\n"),
        ("a.TextGrid", SHORT_GRID[:-30]),
        ("a.TextGrid", LONG_GRID.replace('"phones"', '"Phonemes"')),
        ("a.TextGrid", LONG_GRID.replace("IntervalTier", "PitchTier")),
        ("a.TextGrid", "no labels at all"),
        ("a.TextGrid", ""),
    ],
)
def test_damaged_labels_are_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=name):
        read_labels(tmp_path / name, 0, 9000)


# --- what is shipped


def test_the_catalogue_says_where_each_file_is_published():
    sources, wanted = catalogue(collect_recordings.CATALOGUE)
    assert {each.source for each in wanted} == set(sources)
    for source in sources.values():
        assert source["project"].count("/") == 1 and len(source["commit"]) == 40 and source["licence"]
    places = [to for each in wanted for to in each.parts]
    assert len(set(places)) == len(places) and not any(to.is_absolute() or ".." in to.parts for to in places)
    for each in wanted:
        for part in each.parts.values():
            assert len(part.sha256) == 64 and int(part.sha256, 16) and part.bytes > 0
        assert each.text or each.labels or each.to.parts[0] != "speech", "speech without a text is of no use"


def test_the_documented_commands_bring_the_commits_of_the_catalogue():
    sources, _ = catalogue(collect_recordings.CATALOGUE)
    text = (ROOT / "models" / "README.md").read_text()
    for source in sources.values():
        folder = source["project"].split("/")[1]
        assert f"git clone https://github.com/{source['project']}" in text
        assert f"git -C {folder} checkout {source['commit'][:10]}" in text


def test_measurements_look_where_it_was_put(tmp_path, monkeypatch):
    monkeypatch.setattr(data_folder, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(data_folder, "COLLECTED", tmp_path / "checkout" / "recordings")
    monkeypatch.delenv("AVATAR_ROS_TEST_DATA", raising=False)
    assert data_folder.default_data() == tmp_path / "checkout" / "recordings"
    (tmp_path / "shared" / "data").mkdir(parents=True)
    assert data_folder.default_data() == tmp_path / "shared" / "data"
    (tmp_path / "checkout" / "recordings").mkdir(parents=True)
    assert data_folder.default_data() == tmp_path / "checkout" / "recordings"
    monkeypatch.setenv("AVATAR_ROS_TEST_DATA", str(tmp_path / "named"))
    assert data_folder.default_data() == tmp_path / "named"


REAL = Path(os.environ.get("AVATAR_ROS_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.mark.data
@pytest.mark.skipif(not (REAL / "speech").is_dir(), reason="needs ../shared/data")
def test_the_sums_are_those_of_the_test_data():
    _, wanted = catalogue(collect_recordings.CATALOGUE)
    have = [each for each in wanted if (REAL / each.to).is_file()]
    assert len(have) == len(wanted)
    for each in have:
        assert hashlib.sha256((REAL / each.to).read_bytes()).hexdigest() == each.file.sha256, each.to
