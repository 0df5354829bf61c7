"""The real loading and decoding of the sensevoice backends, on small models that the tests make."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.stage import build
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.core.types import AudioFrame
from avatar_ros.dialogue.backchannels import Phrases, interrupts
from avatar_ros.motion.mirroring import Mirroring
from avatar_ros.testing.settings import make, split
from contract import sensevoice_models

RATE = 16000
BLOCK = 512


def quiet(seconds):
    return np.random.default_rng(0).integers(-15, 16, round(seconds * RATE)).astype(np.int16)


def sweep(low_hz, high_hz, seconds=1.2):
    """A rising tone, which stands for a sentence."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (low_hz + (high_hz - low_hz) * time_s / seconds / 2) * time_s
    return np.concatenate([quiet(0.3), (8000 * np.sin(phase)).astype(np.int16), quiet(0.5)])


def bursts(seconds=1.2):
    """Noise five times a second, which stands for a laugh."""
    rng = np.random.default_rng(1)
    gate = np.sin(2 * np.pi * 5 * np.arange(round(seconds * RATE)) / RATE) > 0
    return np.concatenate([quiet(0.3), (gate * rng.normal(0, 6000, len(gate))).astype(np.int16), quiet(0.5)])


HELLO, CHINESE, LAUGH, COUGH = sweep(200, 900), sweep(900, 3000), bursts(), bursts(0.5)
LESSONS = [
    (HELLO, "<|en|><|HAPPY|><|Speech|><|withitn|>hello there."),
    (CHINESE, "<|zh|><|NEUTRAL|><|Speech|><|withitn|>现在几点？"),
    (LAUGH, "<|nospeech|><|HAPPY|><|Laughter|><|woitn|>"),
    (COUGH, "<|nospeech|><|EMO_UNKNOWN|><|Cough|><|woitn|>"),
]


@pytest.fixture(params=sensevoice_models.BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    return sensevoice_models.make(tmp_path_factory.mktemp("taught"), LESSONS)


@pytest.fixture
def own(taught, backend, tmp_path):
    """A copy of the model's folder that a test may damage."""
    return shutil.copytree(taught[backend], tmp_path / "model")


def stage_with(backend, folder, **settings):
    stage = build(*split(ASR_BACKENDS, AsrSettings, backend=backend, model=str(folder), threads=1, **settings))
    stage.load()
    return stage


def hear(stage, pcm, utterance=1):
    out = []
    for first in range(0, len(pcm), BLOCK):
        last = first + BLOCK >= len(pcm)
        frame = AudioFrame(utterance=utterance, first_sample=first, pcm=pcm[first : first + BLOCK], last=last)
        out += [o.message for o in stage.push("mic/utterance", frame, first / RATE)]
    return out


def test_words_language_feeling_and_sounds_travel_in_the_transcript(taught, backend):
    stage = stage_with(backend, taught[backend])
    finals = [hear(stage, pcm, number)[-1] for number, (pcm, _) in enumerate(LESSONS, 1)]
    assert [(m.text, m.locale, m.emotion, m.events, m.rejected) for m in finals] == [
        ("hello there.", "en-US", "happy", (), False),
        ("现在几点？", "zh-CN", "neutral", (), False),
        ("", "en-US", "happy", ("laughter",), False),
        ("", "en-US", "", ("cough",), False),
    ]
    assert all(0.5 < m.confidence <= 1 for m in finals[:2])


def test_a_laugh_is_heard_while_it_lasts_does_not_interrupt_and_is_smiled_at(taught, backend):
    """What is decoded in the laugh's own pauses may be another sound yet: its beginning is as short as a cough."""
    *partials, final = hear(stage_with(backend, taught[backend], partial_share=0.0), LAUGH)
    assert not any(one.final for one in partials)
    assert partials[-1].events == final.events == ("laughter",)
    assert not any(interrupts(one, Phrases("uh-huh")) for one in (*partials, final))
    face = Mirroring()
    for partial in partials:
        face.hear(partial, 0.0)
    assert face.at(0.5) == "happy"


@pytest.mark.parametrize("settings", [{"language": "zh"}, {"language": "yue", "use_itn": False}, {"device": "cpu"}])
def test_it_takes_its_settings(taught, backend, settings):
    final = hear(stage_with(backend, taught[backend], **settings), quiet(1.0))[-1]
    assert final.rejected
    assert final.locale == {"zh": "zh-CN", "yue": "zh-HK"}.get(settings.get("language"), "en-US")


def test_it_can_be_closed_and_loaded_again(taught, backend):
    stage = stage_with(backend, taught[backend])
    stage.close()
    stage.load()
    assert hear(stage, HELLO)[-1].text == "hello there."


@pytest.fixture(scope="module")
def babbling(tmp_path_factory):
    """A model that writes a word for nearly every 60 ms that it hears."""
    words = [f"word{i}" for i in range(40)]
    lesson = (varied(6.0), "<|en|><|HAPPY|><|Speech|><|withitn|>" + " ".join(words))
    return sensevoice_models.make(tmp_path_factory.mktemp("babbling"), [lesson], ["\u2581" + word for word in words])


@pytest.fixture(scope="module")
def mute(tmp_path_factory):
    return sensevoice_models.make(tmp_path_factory.mktemp("mute"), LESSONS[:1], ["<unk>"])


def varied(seconds):
    """Noise of another loudness every 60 ms, without a pause."""
    rng = np.random.default_rng(3)
    size = rng.uniform(2000, 8000, round(seconds / 0.06)).repeat(960)
    return (size * rng.uniform(-1, 1, len(size))).astype(np.int16)


def test_a_folder_without_configuration_has_the_usual_names(taught, tmp_path):
    folder = shutil.copytree(taught["sensevoice"], tmp_path / "model")
    (folder / "configuration.json").unlink()
    assert "bpe.model" in refused("sensevoice", folder)
    next(folder.glob("*.bpe.model")).rename(folder / "bpe.model")
    assert hear(stage_with("sensevoice", folder), HELLO)[-1].text == "hello there."


def test_five_hundred_words_and_more(babbling, backend):
    stage = stage_with(backend, babbling[backend], max_utterance_s=60.0, min_confidence=0.0, partial_share=0.0)
    text = hear(stage, varied(45.0))[-1].text
    assert len(text.split()) >= 500
    assert {word[:4] for word in text.split()} == {"word"}


def test_not_even_a_tag(mute, backend):
    final = hear(stage_with(backend, mute[backend]), HELLO)[-1]
    assert final.rejected
    assert (final.text, final.events, final.emotion) == ("", (), "")


# --- folders that cannot be used ----------------------------------------------------------------------------------


def refused(backend, folder):
    with pytest.raises(ConfigError) as caught:
        stage_with(backend, folder)
    assert str(folder) in caught.value.text
    return caught.value.text


def test_a_missing_folder_and_missing_files_are_named(own, backend):
    assert refused(backend, own / "elsewhere")
    names = {"sensevoice": ("model.pt", "am.mvn"), "sensevoice_sherpa": ("model.onnx", "tokens.txt")}[backend]
    for name in names:
        (own / name).unlink()
    assert all(name in refused(backend, own) for name in names)


@pytest.mark.parametrize("size", [0, 100, 20000])
def test_a_model_cut_short_is_named(own, backend, size):
    path = own / {"sensevoice": "model.pt", "sensevoice_sherpa": "model.onnx"}[backend]
    path.write_bytes(path.read_bytes()[:size])
    refused(backend, own)


def test_other_damage_is_named(own, backend):
    name, content = {"sensevoice": ("config.yaml", "model: [}"), "sensevoice_sherpa": ("tokens.txt", "one\ntwo\n")}[
        backend
    ]
    (own / name).write_text(content)
    refused(backend, own)


def test_weights_that_do_not_fit_are_not_replaced_by_chance(taught, tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    folder = shutil.copytree(taught["sensevoice"], tmp_path / "model")
    state = torch.load(folder / "model.pt")["state_dict"]
    for damaged in (
        {k: v for k, v in state.items() if k != "embed.weight"},
        {**state, "embed.weight": torch.ones(2, 2)},
    ):
        torch.save({"state_dict": damaged}, folder / "model.pt")
        refused("sensevoice", folder)


def test_an_onnx_model_without_its_metadata_is_named(taught, tmp_path):
    folder = shutil.copytree(taught["sensevoice_sherpa"], tmp_path / "model")
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes().replace(b"lfr_window_size", b"lfr_window_sise"))
    assert "lfr_window_size" in refused("sensevoice_sherpa", folder)


def test_a_gpu_that_is_not_there_is_named(taught, backend):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match="'cuda'"):
        make(ASR_BACKENDS, AsrSettings, backend=backend, device="cuda")


@pytest.mark.parametrize(
    ("name", "library", "command"),
    [
        ("sensevoice_sherpa", "sherpa_onnx", "requirements/sherpa.txt"),
        ("sensevoice", "torch", "requirements/sensevoice.txt"),
        ("sensevoice", "kaldi_native_fbank", "requirements/sensevoice.txt"),
    ],
)
def test_a_missing_library_is_named_with_the_command(monkeypatch, name, library, command):
    if library == "kaldi_native_fbank" and importlib.util.find_spec("torchaudio"):
        pytest.skip("torchaudio does its work")
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"avatar_ros.asr.{name}", raising=False)
    with pytest.raises(UnknownBackendError, match=command):
        ASR_BACKENDS.load(name)
