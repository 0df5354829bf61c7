"""The asr stage over the scripted recogniser."""

import wave

import numpy as np
import pytest

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings, Hypothesis
from avatar_ros.asr.fake import FakeRecogniser, FakeSettings
from avatar_ros.asr.stage import AsrStage, build
from avatar_ros.commands.manifest import read_manifest
from avatar_ros.core.enums import SessionKind
from avatar_ros.core.errors import AsrError, ConfigError
from avatar_ros.core.events import NO_LANGUAGE, SessionEvent
from avatar_ros.core.types import EVENT_COMPLETE, EVENT_TOO_QUIET, AudioFrame
from avatar_ros.testing.settings import split
from recordings import DATA


def stage_for(script, **settings):
    stage = build(*split(ASR_BACKENDS, AsrSettings, backend="fake", script=script, **settings))
    stage.load()
    return stage


def speak(stage, seconds, utterance=1, *, last=True, session="local"):
    samples, out = round(seconds * 16000), []
    for first in range(0, max(samples, 1), 512):
        pcm = np.ones(min(512, samples - first), np.int16)
        end = last and first + 512 >= samples
        frame = AudioFrame(session=session, utterance=utterance, first_sample=first, pcm=pcm, last=end)
        out += [o.message for o in stage.push("mic/utterance", frame, 0.0)]
    return out


def test_partials_grow_and_one_final_follows():
    out = speak(stage_for("what time is it"), 2.0)
    assert [m.text for m in out] == ["what", "what time", "what time is", "what time is it", "what time is it"]
    assert [m.final for m in out] == [False] * 4 + [True]
    assert out[3].events == (EVENT_COMPLETE,)
    assert out[4].events == ()
    assert {m.utterance for m in out} == {1}
    heard = [m.heard_samples for m in out]
    assert heard == sorted(heard) and heard[-1] == 32000 and all(samples % 512 == 0 for samples in heard[:-1])


def test_every_utterance_gets_a_final_in_order():
    stage = stage_for("one|two")
    finals = [m for u in (1, 2, 3) for m in speak(stage, 0.5, u) if m.final]
    assert [(m.utterance, m.text) for m in finals] == [(1, "one"), (2, "two"), (3, "one")]


def test_what_is_not_understood_is_rejected_with_no_text():
    final = speak(stage_for(""), 1.0)[-1]
    assert final.final
    assert final.rejected
    assert final.text == ""


def test_an_utterance_of_no_sound_is_rejected():
    final = speak(stage_for("hello"), 0.0)[-1]
    assert final.final
    assert final.rejected


def test_too_long_is_rejected_and_the_next_one_is_heard():
    stage = stage_for("word " * 500 + "|hello", max_utterance_s=2.0)
    final = speak(stage, 60.0)[-1]
    assert final.rejected
    assert speak(stage, 1.0, 2)[-1].text == "hello"


def test_an_utterance_that_never_ended_is_counted_and_replaced():
    stage = stage_for("one|two")
    speak(stage, 0.5, 1, last=False)
    assert speak(stage, 0.5, 2)[-1].text == "two"
    assert stage.status()["abandoned"] == "1"


def test_sessions_do_not_mix_and_are_forgotten():
    stage = stage_for("one|two")
    speak(stage, 0.5, 1, last=False, session="a")
    assert speak(stage, 0.5, 1, session="b")[-1].text == "two"
    list(stage.session(SessionEvent(session="a", kind=SessionKind.CLOSED), 0.0))
    assert stage.status()["abandoned"] == "1"


def hear(pcm, script=""):
    """The final transcript of an utterance of this sound."""
    stage, out = stage_for(script), []
    for first in range(0, len(pcm), 512):
        piece = pcm[first : first + 512]
        frame = AudioFrame(utterance=1, first_sample=first, pcm=piece, last=first + 512 >= len(pcm))
        out += [o.message for o in stage.push("mic/utterance", frame, 0.0)]
    assert out[-1].final
    return out[-1]


def at_dbfs(dbfs, seconds=2.0):
    """Noise of this level between silences, as an utterance is that somebody spoke."""
    rng = np.random.default_rng(0)
    loud = rng.normal(0.0, 32768 * 10 ** (dbfs / 20), round(seconds * 16000))
    return np.rint(np.pad(loud, (4800, 8000))).astype(np.int16)


def recording(name, gain_db):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with wave.open(str(path), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return np.rint(pcm * 10 ** (gain_db / 20)).astype(np.int16)


@pytest.mark.parametrize(
    ("dbfs", "quiet"), [(-20.0, False), (-35.0, False), (-43.0, False), (-47.0, True), (-60.0, True), (-80.0, False)]
)
def test_what_was_soft_and_not_understood_was_too_quiet(dbfs, quiet):
    final = hear(at_dbfs(dbfs))
    assert final.rejected
    assert final.events == ((EVENT_TOO_QUIET,) if quiet else ())


def test_what_was_soft_but_understood_was_loud_enough():
    final = hear(at_dbfs(-55.0), script="what time is it")
    assert (final.text, final.events, final.rejected) == ("what time is it", (), False)


def test_a_voice_as_recorded_is_loud_enough_and_the_same_from_far_away_is_not():
    for number in (1, 2, 3, 4):
        name = f"speech/spk1_snt{number}.wav"
        assert hear(recording(name, 0.0)).events == ()
        assert hear(recording(name, -10.0)).events == ()
        assert hear(recording(name, -25.0)).events == (EVENT_TOO_QUIET,)


def test_noise_as_loud_as_recorded_was_not_too_quiet():
    for name in ("acoustics/noise2.wav", "acoustics/noise3.wav"):
        assert hear(recording(name, 0.0)).events == ()


def test_nothing_at_all_was_not_a_soft_voice():
    assert hear(np.zeros(16000, np.int16)).events == ()
    assert speak(stage_for(""), 0.0)[-1].events == ()


def test_the_wrong_rate_is_refused_by_name():
    with pytest.raises(AsrError, match="8000 Hz"):
        list(stage_for("x").push("mic/utterance", AudioFrame(sample_rate_hz=8000), 0.0))


def test_an_unknown_backend_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="pocketsphinx"):
        build(AsrSettings(backend="ears"))


def test_a_missing_model_falls_back_and_says_so(tmp_path):
    values = {"backend": "sensevoice_sherpa", "model": str(tmp_path), "fallback": "fake", "script": "hello"}
    stage = build(*split(ASR_BACKENDS, AsrSettings, **values))
    stage.load()
    assert speak(stage, 0.5)[-1].text == "hello"
    warning = stage.status()["warning"]
    assert warning.startswith("'sensevoice_sherpa' fails, its fallback 'fake' is in use: ")
    assert str(tmp_path) in warning or "install" in warning


def test_a_backend_that_works_needs_no_fallback():
    stage = build(*split(ASR_BACKENDS, AsrSettings, backend="fake", fallback="pocketsphinx", script="hello"))
    stage.load()
    assert speak(stage, 0.5)[-1].text == "hello"
    assert "warning" not in stage.status()
    stage.close()


def test_a_misspelt_backend_does_not_fall_back():
    with pytest.raises(ConfigError, match="pocketsphinx"):
        build(AsrSettings(backend="ears", fallback="fake")).load()


def test_sounds_without_words_are_published_while_they_last():
    class Laughing:
        def load(self):
            pass

        def start(self):
            return self

        def accept(self, pcm):
            pass

        def partial(self):
            return Hypothesis(events=("laughter",))

        def finish(self):
            return Hypothesis(events=("laughter",), emotion="happy")

        def abandon(self):
            pass

        def close(self):
            pass

    out = speak(AsrStage(Laughing(), AsrSettings()), 1.0)
    assert [(m.final, m.text, m.events, m.rejected) for m in out] == [
        (False, "", ("laughter",), False),
        (True, "", ("laughter",), False),
    ]


class EnglishOnly(FakeRecogniser):
    """Hears one language."""

    hears = ("en",)


def test_who_chose_a_language_that_is_not_heard_is_not_asked_to_repeat():
    settings = AsrSettings(backend="fake")
    stage = AsrStage(EnglishOnly(settings, FakeSettings("hello")), settings)
    stage.load()
    assert stage.offer.locales == ("en",)
    for session, locale in (("german", "de-DE"), ("english", "en-GB"), ("any", "")):
        list(stage.session(SessionEvent(session, locale=locale), 0.0))
    final = speak(stage, 1.0, session="german")[-1]
    assert (final.text, final.rejected, final.locale) == ("", False, "de-DE")
    assert speak(stage, 1.0, session="english")[-1].text == speak(stage, 1.0, session="any")[-1].text == "hello"
    list(stage.session(SessionEvent("german", locale="en-US"), 0.0))
    assert speak(stage, 1.0, 2, session="german")[-1].text == "hello", "it may be chosen anew"


def test_a_kiosk_that_hears_nothing_of_its_language_offers_none():
    settings = AsrSettings(backend="fake", locale="de-DE")
    stage = AsrStage(EnglishOnly(settings, FakeSettings("hello")), settings)
    stage.load()
    assert stage.offer.locales == NO_LANGUAGE


@pytest.mark.parametrize(("locale", "ears"), [("de-DE", "whisper_base"), ("zh", "sensevoice_sherpa")])
def test_a_kiosk_that_hears_nothing_names_ears_that_do(locale, ears):
    """A German kiosk was sent to a model that knows no German."""
    settings = AsrSettings(backend="fake", locale=locale)
    stage = AsrStage(EnglishOnly(settings, FakeSettings("hello")), settings)
    stage.load()
    assert f"./avatar fetch {ears} " in stage.status()["warning"] and ears in read_manifest()


def test_a_guess_that_was_right_is_told_again():
    """Its words are the same, but what waits for them may rely on them now."""
    stage = stage_for("what time is it")
    first = speak(stage, 2.0, last=False)[-1]
    stream = stage._utterances.get("local", 0.0).stream
    for confidence, told in ((0.45, 1), (0.4, 0), (0.9, 1), (0.95, 0)):
        stream.partial = lambda sure=confidence: Hypothesis("what time is", sure)
        frame = AudioFrame(utterance=1, first_sample=32000, pcm=np.ones(16000, np.int16))
        out = [o.message for o in stage.push("mic/utterance", frame, 0.0)]
        assert [(m.text, m.confidence) for m in out] == [("what time is", confidence)] * told
    assert first.text == "what time is it"
