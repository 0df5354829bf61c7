"""The trainer of our own lip network, on a tiny scale: texts, changes, training, export, each with its promise."""

from __future__ import annotations

import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the trainer needs torch")
pytest.importorskip("onnx", reason="the trainer needs onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="the trainer checks what it exports with onnxruntime")

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import train_lips  # noqa: E402
from lip_trainer import augment, corpus, dataset, export  # noqa: E402
from lip_trainer.festival import _SAMPA, sampa_schedule  # noqa: E402
from lip_trainer.network import LipNet, Shape  # noqa: E402
from lip_trainer.pip_voices import phones_of  # noqa: E402
from lip_trainer.roster import ROSTER, Part  # noqa: E402
from lip_trainer.speech import FRAME, RATE_HZ, Spoken, spoken  # noqa: E402
from lip_trainer.texts import sentences  # noqa: E402
from lip_trainer.train import Plan, auc, probabilities, train  # noqa: E402

from avatar_ros.speech.mel_features import BandStream, VoiceLevel  # noqa: E402
from avatar_ros.speech.phone_mapping import ARPABET  # noqa: E402
from avatar_ros.speech.phone_network import PhoneNetwork  # noqa: E402
from avatar_ros.speech.phones import PHONE_COUNT, PHONE_INDEX, SIL  # noqa: E402

TINY = Shape(channels=16, dilations=(1, 2, 4))
SPOKEN_TEXTS = ("common", "any", "it", "ru", "de")


class Beeper:
    """A voice whose phones are tones: learnt in a moment, so a test can see that learning happens."""

    name, words = "beeper", "common"
    _HZ: ClassVar[dict[str, float]] = {"AA": 700.0, "IY": 2500.0, "M": 200.0, "S": 5000.0}

    def missing(self) -> str:
        return ""

    def speak(self, texts: list[str], seed: int) -> list[Spoken]:
        rng = np.random.default_rng(seed)
        return [self._one(rng) for _ in texts]

    def _one(self, rng: np.random.Generator) -> Spoken:
        names = [str(name) for name in rng.choice(list(self._HZ), 12)]
        ends = np.cumsum(rng.uniform(0.06, 0.15, 12))
        t = np.arange(int(ends[-1] * RATE_HZ)) / RATE_HZ
        hz = np.array([self._HZ[names[i]] for i in np.minimum(np.searchsorted(ends, t), 11)])
        sound = 0.2 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)
        return spoken(sound.astype(np.float32), RATE_HZ, [ARPABET[name] for name in names], ends.tolist())


@pytest.fixture(scope="module")
def beeps() -> dict[str, list[Spoken]]:
    return {"beeper": Beeper().speak([""] * 9, 1)}


@pytest.fixture(scope="module")
def learnt(beeps: dict[str, list[Spoken]]) -> tuple[LipNet, np.ndarray, list[dataset.Example]]:
    colour = dataset.colour_of(beeps)
    data = dataset.examples(beeps, colour, 1, 0, dataset.PLAIN)
    return train(data, TINY, Plan(steps=50, batch=4, frames=100, rate=1e-2), lambda text: None), colour, data


@pytest.mark.parametrize("words", SPOKEN_TEXTS)
def test_texts_depend_on_the_seed_only(words: str) -> None:
    assert sentences(words, 5, 1) == sentences(words, 5, 1)
    assert sentences(words, 5, 1) != sentences(words, 5, 2)
    assert all(len(text.split()) >= 4 for text in sentences(words, 5, 1))


def test_speech_is_kept_and_comes_back(tmp_path: Path) -> None:
    part = Part(Beeper(), 4, "", "")
    first = corpus.make([part], tmp_path, 1)["beeper"]
    again = corpus.make([part], tmp_path, 1)["beeper"]
    assert len(list(tmp_path.iterdir())) == 1
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.sound, other.sound)
        np.testing.assert_array_equal(one.phones, other.phones)
        assert len(one.phones) == -(-len(one.sound) // FRAME)


def test_missing_voices_are_named_with_their_command(tmp_path: Path) -> None:
    class Absent(Beeper):
        def missing(self) -> str:
            return "apt-get install absent"

    with pytest.raises(train_lips.ConfigError, match="apt-get install absent"):
        corpus.make([Part(Absent(), 4, "", "")], tmp_path, 1)


@pytest.mark.parametrize("change", ["speed", "tilt", "room", "noise", "clip", "narrow"])
def test_changes_are_seeded_and_keep_sound_and_phones_together(beeps: dict[str, list[Spoken]], change: str) -> None:
    odds = augment.Odds(**{**dict.fromkeys(augment.Odds.__annotations__, 0.0), change: 1.0})
    made = [augment.recording(beeps["beeper"][:2], np.random.default_rng(3), odds) for _ in range(2)]
    np.testing.assert_array_equal(made[0].sound, made[1].sound)
    assert np.isfinite(made[0].sound).all()
    assert abs(len(made[0].phones) * FRAME - len(made[0].sound)) <= FRAME
    np.testing.assert_allclose(made[0].phones.sum(axis=1), 1.0, atol=1e-3)


def test_whole_recordings_and_streams_give_the_same_features(beeps: dict[str, list[Spoken]]) -> None:
    one = beeps["beeper"][0]
    colour = dataset.colour_of(beeps)
    whole = VoiceLevel(colour).normalise(dataset.logs_of(one.sound))
    stream = BandStream(VoiceLevel(colour)).push((one.sound * 32767).astype(np.float64))
    np.testing.assert_allclose(stream, whole[: len(stream)], atol=2e-3)


def test_it_learns(learnt: tuple[LipNet, np.ndarray, list[dataset.Example]]) -> None:
    net, _, data = learnt
    found = probabilities(net, data[0].features.astype(np.float32))
    truth = data[0].phones.astype(np.float32)
    sure = (truth.max(axis=1) > 0.9) & (truth[:, SIL] < 0.5)
    assert (found.argmax(axis=1) == truth.argmax(axis=1))[sure].mean() > 0.7


def test_same_seed_same_weights(learnt: tuple[LipNet, np.ndarray, list[dataset.Example]]) -> None:
    _, _, data = learnt
    plan = Plan(steps=3, batch=4, frames=60)
    nets = [train(data, TINY, plan, lambda text: None).state_dict() for _ in range(2)]
    assert all(torch.equal(nets[0][key], nets[1][key]) for key in nets[0])


def test_the_file_is_the_network_in_chunks_of_any_size(
    learnt: tuple[LipNet, np.ndarray, list[dataset.Example]], tmp_path: Path
) -> None:
    net, colour, _ = learnt
    path = tmp_path / "lips.onnx"
    export.export(net, colour, path)
    assert export.parity(net, path) < 1e-4
    loaded = PhoneNetwork(onnxruntime, str(path))
    assert loaded.delay_frames == TINY.delay_frames
    np.testing.assert_allclose(loaded.colour, colour, atol=1e-3)


def test_the_network_hears_the_past_only(learnt: tuple[LipNet, np.ndarray, list[dataset.Example]]) -> None:
    net = learnt[0]
    x = torch.randn(1, 50, 40, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 30:] += 1.0
    with torch.no_grad():
        first, second = net(x, net.start(1))[0], net(other, net.start(1))[0]
    torch.testing.assert_close(first[:, :30], second[:, :30])
    assert not torch.allclose(first[:, 30:], second[:, 30:])


@pytest.mark.skipif(not shutil.which("flite"), reason="needs flite (apt-get install flite)")
def test_the_command_from_voice_to_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "lips.onnx"
    arguments = f"--out {out} --work {tmp_path} --voices flite_slt --share 0.01 --copies 1 --steps 2 --channels 8"
    assert train_lips.main(arguments.split()) == 0
    assert '"parity"' in capsys.readouterr().out
    assert PhoneNetwork(onnxruntime, str(out)).delay_frames > 0


def test_letters_with_lengths_become_phones() -> None:
    plans, ends = phones_of(["^", "_", "ˈ", "_", "a", "_", "ɪ", "_", "$"], np.full(9, 0.1))
    assert plans[-2] == ARPABET["AY"]
    assert ends[-1] == pytest.approx(0.9)
    assert all(a < b for a, b in pairwise(ends))


def test_names_of_other_languages_voices() -> None:
    assert sampa_schedule("a1", _SAMPA) == ARPABET["AA"]
    assert sampa_schedule("k:", _SAMPA) == ARPABET["K"]
    assert sampa_schedule("#", _SAMPA) == ARPABET["SIL"]
    assert sampa_schedule("??", _SAMPA) is None


def test_auc_counts_pairs() -> None:
    assert auc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_the_roster_keeps_voices_apart_and_says_whose_they_are() -> None:
    names = [part.voice.name for part in ROSTER]
    assert len(set(names)) == len(names)
    assert all(part.licence and part.source for part in ROSTER)
    assert sum(part.held_out for part in ROSTER) >= 2
    assert len(PHONE_INDEX) == PHONE_COUNT
