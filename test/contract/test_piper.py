"""Backend `piper`: the packaged voice as it is, and small voices that are made here."""

import importlib.util
import json
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.core.errors import ConfigError, TtsError
from avatar_ros.testing.contracts import VOICE
from avatar_ros.testing.contracts.voice import VoiceBench
from avatar_ros.tts.base import UNREADABLE, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.piper import PiperVoice
from avatar_ros.tts.piper_files import PACKAGE, find_voice
from avatar_ros.tts.piper_settings import PiperSettings
from avatar_ros.tts.stage import build

RATE = 24000


def packaged():
    if importlib.util.find_spec(PACKAGE) is None:
        pytest.skip(f"{PACKAGE} is not installed")
    return ""


def tiny(folder, **changes):
    from contract.tiny_vits import write_voice

    return str(write_voice(folder, **changes))


@pytest.fixture(scope="module")
def tiny_voice(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def joe():
    voice = PiperVoice(TtsSettings(), PiperSettings(model=packaged(), seed=5))
    voice.load()
    yield voice
    voice.close()


def loaded(model, **own):
    voice = PiperVoice(TtsSettings(), PiperSettings(model=model, **own))
    voice.load()
    return voice


def sound(voice, text, locale="en-US"):
    return np.concatenate([part.pcm for part in voice.speak(text, locale)])


def marks(voice, text, kind):
    return [mark for part in voice.speak(text, "en-US") for mark in part.marks if mark.kind is kind]


# --- the contract ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", VOICE, ids=lambda check: check.__name__)
@pytest.mark.parametrize("speakers", [1, 3])
def test_contract(check, speakers, tmp_path):
    voice = loaded(tiny(tmp_path, speakers=speakers))
    check(voice)
    voice.close()


def test_the_first_sound_of_a_long_sentence_comes_long_before_its_last(tiny_voice):
    text = "We have many rooms on the second floor, and the best face the garden."
    parts = list(loaded(tiny_voice).speak(text, "en"))
    assert len(parts) > 3 and len(parts[0].pcm) < sum(len(part.pcm) for part in parts) / 5
    assert parts[0].marks and not any(part.marks for part in parts[1:])


@pytest.mark.parametrize("speakers", [1, 2])
def test_stretches_make_the_sound_that_the_whole_network_gives(speakers, tmp_path):
    """Beside the slow obvious way: the file as it is, in one go."""
    import onnxruntime

    path = tiny(tmp_path, speakers=speakers)
    voice = loaded(path, noise_scale=0.0)
    network = voice._loaded[path]._network
    ids = [1, 0, *(i for letter in range(20, 60) for i in (letter, 0)), 2]
    made = network.encode(ids, (0.0, 1.0, 0.0), speakers - 1)
    stretched = np.concatenate(list(network.decode(made, speakers - 1)))
    feed = {"input": np.array([ids]), "input_lengths": np.array([len(ids)]), "scales": np.float32([0, 1, 0])}
    feed |= {"sid": np.array([1])} if speakers > 1 else {}
    whole = onnxruntime.InferenceSession(path).run(None, feed)[0].ravel()
    assert len(stretched) == len(whole) == made.frames.sum() * network.hop
    assert np.abs(stretched - whole).max() < 1e-5


def test_speed_changes_the_length_and_speaker_the_sound(tmp_path):
    path = tiny(tmp_path, speakers=2)
    usual, slow, other = (
        sound(loaded(path, noise_scale=0.0, **own), "Hello my friend.")
        for own in ({}, {"speed": 0.5}, {"speaker": "speaker1"})
    )
    assert 1.6 < len(slow) / len(usual) < 2.4
    assert len(other) == len(usual) and np.abs(other.astype(int) - usual).max() > 500


def test_with_a_seed_each_start_says_the_same(tiny_voice):
    first, again, other = (sound(loaded(tiny_voice, seed=seed), "Hello my friend.") for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert len(first) != len(other) or np.abs(first.astype(int) - other).max() > 100


def test_a_voice_without_durations_speaks_and_says_so(tmp_path):
    for changes in ({"ceil": False}, {"seam": "first.weight"}):
        voice = loaded(tiny(tmp_path, **changes))
        assert len(sound(voice, "Hello there.")) > 1000
        assert not marks(voice, "Hello there.", MarkKind.PHONE)
        assert "does not say how long" in voice.status()["warning"]


def test_a_voice_of_letters_needs_no_espeak(tmp_path):
    voice = loaded(tiny(tmp_path, phoneme_type="text"))
    assert len(sound(voice, "hello there")) > 1000 and voice._speller._helper is None


def test_a_cancelled_sentence_ends_in_the_middle_of_its_work(tiny_voice):
    voice, stop = loaded(tiny_voice, seed=3), CancelToken()
    text = "hello there my friend " * 10
    whole = list(voice.speak(text, "en-US"))
    parts = voice.speak(text, "en-US", stop)
    next(parts)
    thread = threading.Thread(target=stop.cancel)
    thread.start()
    thread.join()
    assert len(whole) > 2 and not list(parts)
    assert len(sound(voice, "And now this.")) > 1000


def test_espeak_comes_back_after_a_crash(tiny_voice):
    voice = loaded(tiny_voice)
    voice._speller._helper.process.kill()
    assert len(sound(voice, "Still here.")) > 1000
    assert voice.status()["espeak_restarts"] == "1"


# --- languages and scripts -------------------------------------------------------------------------------------------


def test_what_no_voice_can_read_is_unreadable(tiny_voice):
    voice = loaded(tiny_voice)
    for text, locale in (("你好，世界。", "en-US"), ("שלום", ""), ("Guten Tag.", "de-DE")):
        with pytest.raises(TtsError) as caught:
            list(voice.speak(text, locale))
        assert caught.value.code == UNREADABLE
    assert len(sound(voice, "He said 你好 to me and to you.")) > 1000
    assert "你好" in voice.status()["warning"] and "warning" not in voice.status()


def test_each_language_has_its_voice(tmp_path, monkeypatch):
    english, german = tiny(tmp_path / "en"), tiny(tmp_path / "de", voice="de", locale="de_DE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    tiny(tmp_path / "data/avatar_ros/models/piper_es_ES_tiny", name="es", voice="es", locale="es_ES")
    voice = loaded(english, voices=(f"de={german}",))
    assert list(voice._loaded) == [english]
    for locale in ("de-AT", "en-GB", "es-MX"):
        assert len(sound(voice, "Hola, 1, 2, 3.", locale)) > 1000
    assert [made.locale for made in voice._loaded.values()] == ["en-US", "de-DE", "es-ES"]


def test_the_fallback_says_what_cannot_be_read_and_only_that(tiny_voice):
    stage = build(TtsSettings(backend="piper", ahead_s=10.0), {"piper": PiperSettings(model=tiny_voice)})
    bench = VoiceBench(stage)
    stage.load()
    bench.say("你好，世界。")
    assert len(bench.sound()) > RATE // 2 and not bench.errors
    assert "'espeak' says it" in stage.status()["warning"]
    bench.say("Hello again.", turn=2)
    assert len(bench.sound(2)) and "warning" not in stage.status()
    assert stage.status()["voice_failures"] == "0"
    stage.close()


# --- bad input -------------------------------------------------------------------------------------------------------


def _refused(model, code, *words, **own):
    with pytest.raises(ConfigError) as caught:
        loaded(str(model), **own)
    assert caught.value.code == code
    assert all(word in caught.value.text for word in words), caught.value.text


def test_missing_and_half_folders_are_named(tmp_path):
    _refused(tmp_path / "nowhere", "tts_model_missing", "nowhere", "./avatar fetch")
    _refused("no_such_voice", "tts_model_missing", "no_such_voice", "./avatar fetch")
    (tmp_path / "empty").mkdir()
    _refused(tmp_path / "empty", "tts_model_missing", "holds no NAME.onnx")
    path = tiny(tmp_path / "half")
    (tmp_path / "half/tiny.onnx.json").unlink()
    _refused(tmp_path / "half", "tts_model_missing", "tiny.onnx.json")
    tiny(tmp_path / "two")
    tiny(tmp_path / "two", name="other")
    _refused(tmp_path / "two", "tts_model_missing", "several voices", "other.onnx")
    assert path


def test_a_damaged_network_is_named(tmp_path):
    path = tiny(tmp_path)
    whole = Path(path).read_bytes()
    for piece in (whole[: len(whole) // 2], b"", b"<html>not found</html>", whole[:-3], whole[100:]):
        Path(path).write_bytes(piece)
        _refused(path, "tts_model_unfit", "tiny.onnx", "get the voice again")


def test_a_network_for_something_else_is_named(tmp_path):
    from avatar_ros.vad.silero import model_path

    path = tiny(tmp_path)
    shutil.copy(model_path(), path)
    _refused(path, "tts_model_kind", "tiny.onnx", "input_lengths, scales", "something else")


def test_another_opset_is_named(tmp_path):
    _refused(tiny(tmp_path, opset=99), "tts_model_unfit", "tiny.onnx", "opset")


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"phoneme_id_map": {"a": [1]}}, "tts_model_unfit", "lacks _ ^ $"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [900]}}, "tts_model_unfit", "up to 900"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]}}, "tts_model_unfit", "lacks the sounds"),
        ({"phoneme_id_map": {"_": ["x"]}}, "tts_model_unfit", "tiny.onnx.json"),
        ({"phoneme_id_map": []}, "tts_model_unfit", "no phoneme_id_map"),
        ({"phoneme_type": "pinyin"}, "tts_model_kind", "pinyin"),
        ({"audio": {}}, "tts_model_unfit", "sample_rate"),
        ({"audio": {"sample_rate": 4}}, "tts_model_unfit", "4 Hz"),
        ({"espeak": {"voice": "no-such"}}, "tts_model_unfit", "no-such"),
        ({"espeak": {}, "language": {}}, "tts_model_unfit", "espeak"),
    ],
)
def test_a_description_that_does_not_fit_is_named(changes, code, word, tmp_path):
    path = tiny(tmp_path)
    file = Path(f"{path}.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    _refused(path, code, "tiny.onnx.json", word)


def test_a_speaker_that_is_not_there_is_named(tmp_path):
    path = tiny(tmp_path, speakers=3)
    _refused(path, "tts_speaker", "speaker9", "speaker0, speaker1, speaker2", speaker="speaker9")
    _refused(path, "tts_speaker", "7", speaker="7")


def test_500_words_are_spoken_to_the_end(tiny_voice):
    parts = list(loaded(tiny_voice).speak("and so on " * 167, "en-US"))
    words = [mark for part in parts for mark in part.marks if mark.kind is MarkKind.WORD]
    total_s = sum(len(part.pcm) / part.sample_rate_hz for part in parts)
    assert len(words) > 495 and 0.98 < words[-1].end_s / total_s <= 1.0
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)


def test_a_voice_that_is_gone_is_replaced_by_espeak_until_it_is_back(tmp_path):
    path = tiny(tmp_path / "voice")
    shutil.move(tmp_path / "voice", tmp_path / "away")
    settings = TtsSettings(backend="piper", retry_s=0.0, ahead_s=10.0)
    stage = build(settings, {"piper": PiperSettings(model=path)})
    bench = VoiceBench(stage)
    stage.load()
    bench.say("Hello there.")
    assert "fallback 'espeak' is in use" in stage.status()["warning"]
    assert len(bench.sound()) > RATE // 4 and not bench.errors
    shutil.move(tmp_path / "away", tmp_path / "voice")
    bench.say("Hello there.", turn=2)
    assert "warning" not in stage.status() and stage.status()["voice"] == "tiny"
    shutil.rmtree(tmp_path / "voice")  # uninstalled while it runs: what is loaded goes on
    bench.say("Hello there.", turn=3)
    assert "warning" not in stage.status() and len(bench.sound(3)) > RATE // 4
    stage.close()


def test_without_a_fallback_a_voice_that_is_gone_ends_the_node():
    with pytest.raises(ConfigError, match="nowhere"):
        build(TtsSettings(backend="piper", fallback=""), {"piper": PiperSettings(model="nowhere")}).load()


# --- the packaged voice ----------------------------------------------------------------------------------------------


def test_the_packaged_weights_are_those_that_their_maker_published(tmp_path):
    packaged()
    files = find_voice("")
    assert len(files.read_network()) > 60_000_000
    for path in (files.network, files.config):
        shutil.copy(path, tmp_path)
    with open(tmp_path / files.network.name, "r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\0\0\0")
    with pytest.raises(ConfigError, match="not the file that is known"):
        files._replace(network=tmp_path / files.network.name).read_network()


def test_the_packaged_voice_speaks_with_exact_marks(joe):
    parts = list(joe.speak("Papa, pop a map!", "en-US"))
    pcm = np.concatenate([part.pcm for part in parts]).astype(float)
    rate = parts[0].sample_rate_hz
    found = [mark for part in parts for mark in part.marks]
    phones = [mark for mark in found if mark.kind is MarkKind.PHONE]
    assert "".join(mark.text for mark in phones) == "pɑːpəpɑːpɐmæp"
    assert [mark.text for mark in found if mark.kind is MarkKind.WORD] == ["Papa", "pop", "a", "map"]

    def level(mark, share=1.0):
        piece = pcm[round(mark.start_s * rate) : round((mark.start_s + share * (mark.end_s - mark.start_s)) * rate)]
        return np.sqrt((piece**2).mean())

    closures = [level(mark, 0.5) for mark in phones[1:] if mark.text == "p"]
    vowels = [level(mark) for mark in phones if mark.text in ("ɑː", "æ")]
    assert max(closures) < min(vowels) / 4
    assert 0 < len(pcm) / rate - phones[-1].end_s < 0.1


def test_the_packaged_voice_is_loud_enough_and_joins_without_clicks(joe):
    text = "Of course, we have many rooms on the second floor of this building, and the best face the garden."
    parts = list(joe.speak(text, "en-US"))
    pcm = np.concatenate([part.pcm for part in parts]).astype(float) / 32768
    assert 0.2 < np.abs(pcm).max() < 1.0
    steps = np.abs(np.diff(pcm))
    at = np.cumsum([len(part.pcm) for part in parts])[:-1]
    assert len(at) > 2 and all(steps[max(0, i - 2) : i + 2].max() < steps.max() / 2 for i in at)


def test_the_packaged_voice_stops_within_a_stretch(joe):
    stop = CancelToken()
    parts = joe.speak("Of course, we have many rooms on the second floor of this building. " * 3, "en-US", stop)
    next(parts)
    stop.cancel()
    began = time.thread_time()
    assert list(parts) == []
    assert time.thread_time() - began < 0.2  # no more than what was begun
