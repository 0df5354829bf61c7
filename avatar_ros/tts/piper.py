"""Backend `piper`: a natural voice on the CPU (https://github.com/OHF-Voice/piper1-gpl), spelled for by espeak-ng.

Nothing of Piper's own code is used: a voice is an ONNX network and a table of symbols. Sound comes stretch by stretch
(see vits.py), with the exact times of its phones.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..core.errors import ConfigError, TtsError
from ..core.locales import same_language
from .base import PLAIN, UNREADABLE, Part, TtsSettings, VoiceChoice
from .cancel_token import CancelToken
from .piper_files import PACKAGE, PREFIX, fetched_voices
from .piper_settings import PiperSettings
from .piper_voice import LoadedVoice, voice_locale
from .spelling import Speller
from .text import nearest

_MOST_PROBLEMS = 3


class PiperVoice:
    """Speaks with the voice that the settings name, and with further ones in their languages.

    A language's voice is loaded when it is first spoken. What no voice can read is UNREADABLE, so that a fallback says
    it.
    """

    blocking = True  # a stretch of sound takes a tenth of a second: not on the stage's own thread

    def __init__(self, settings: TtsSettings, own: PiperSettings) -> None:
        self._settings = settings
        self._own = own
        self._speller = Speller()
        self._lock = threading.Lock()  # one network at work is enough for two cores
        self._loaded: dict[str, LoadedVoice] = {}  # by what it is named in the settings
        self._locales: dict[str, str] = {}  # locale -> model
        self._problems: dict[str, None] = {}  # what `status` has not told yet, in order

    def load(self) -> None:
        """Load the first voice, have it speak, and see which others there are. Raises ConfigError."""
        with self._lock:
            self._load_first()

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """The text by the voice of its language, stretch by stretch, each piece's marks with its first sound.

        Raises TtsError: tts_unreadable for a language or script without a voice.
        """
        yield from self._say(self._voice(locale), text, stop or CancelToken())

    def voices(self) -> tuple[VoiceChoice, ...]:
        """Those of the settings, and all that `./avatar fetch` brought."""
        fetched = {str(folder): voice_locale(folder) for folder in fetched_voices()}
        known = {**{model: locale for locale, model in self._locales.items()}, **fetched}
        return tuple(
            VoiceChoice(model or PACKAGE, f"Piper, {_spoken_name(model)}", locale) for model, locale in known.items()
        )

    def speak_as(self, voice: str, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """As `speak`, by the voice that `voices` names so, where it is of that language."""
        yield from self._say(self._voice(locale, self._named(voice, locale)), text, stop or CancelToken())

    def _named(self, name: str, locale: str) -> str | None:
        """The model that is called so, by its folder's name too, where it is of that language; else None."""
        if name == PLAIN:
            own = self._voice(locale, self._own.model)
            return self._own.model if same_language(own.locale, locale) else None
        known = {Path(one.id).name.removeprefix(PREFIX): one for one in self.voices()}
        one = known.get(Path(name).name.removeprefix(PREFIX))
        if one is None:
            self._problems[f"there is no Piper voice '{name[:80]}', which was asked for: the usual one speaks"] = None
        if one is None or not same_language(one.locale, locale):
            return None
        return "" if one.id == PACKAGE else one.id

    def _say(self, voice: LoadedVoice, text: str, stop: CancelToken) -> Iterator[Part]:
        text, problem = voice.readable(text)
        if problem:
            self._problems[problem] = None
        parts = voice.speak(text, stop)
        while not stop.cancelled:
            with self._lock:
                part = next(parts, None)
            if part is None:
                return
            yield part

    def expect(self) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """The voice; espeak-ng's restarts; what was left out since last asked."""
        out = {"voice": ", ".join(voice.name for voice in self._loaded.values())} if self._loaded else {}
        if self._speller.restarts:
            out["espeak_restarts"] = str(self._speller.restarts)
        problems, self._problems = self._problems, {}
        told = [*(voice.warning for voice in self._loaded.values() if voice.warning), *problems]
        return {**out, "warning": "; ".join(told[:_MOST_PROBLEMS])} if told else out

    def close(self) -> None:
        """Free the voices and end espeak-ng."""
        with self._lock:
            for voice in self._loaded.values():
                voice.close()
            self._loaded.clear()
            self._speller.close()

    def _load_first(self) -> None:
        first = self._load(self._own.model)
        self._locales = {locale.lower(): model for locale, model in self._own.voice_by_locale().items()}
        self._locales.setdefault(first.locale.lower(), self._own.model)
        for folder in fetched_voices():
            self._locales.setdefault(voice_locale(folder).lower(), str(folder))

    def _load(self, model: str) -> LoadedVoice:
        if model not in self._loaded:
            self._loaded[model] = LoadedVoice(model, self._own, self._speller, self._settings.pause_s)
        return self._loaded[model]

    def _voice(self, locale: str, model: str | None = None) -> LoadedVoice:
        """That voice, else the one for a language. Raises TtsError: one that could not be loaded may be there later."""
        with self._lock:
            try:
                if not self._locales:
                    self._load_first()
                return self._load(self._model(locale) if model is None else model)
            except ConfigError as error:
                raise TtsError(error.code, error.text, retryable=True) from error

    def _model(self, locale: str) -> str:
        if not locale:
            return self._own.model
        model, known = nearest(locale, self._locales, (), self._own.model)
        if not known:
            language = locale.replace("_", "-").partition("-")[0].lower()
            same = sorted(name for name in self._locales if name.partition("-")[0] == language)
            if not same:
                has = f"only for {', '.join(sorted(self._locales))}"
                raise TtsError(UNREADABLE, f"piper has no voice for '{locale}', {has}; ./avatar fetch lists more")
            model = self._locales[same[0]]
        return model


def _spoken_name(model: str) -> str:
    """For people: "joe", of the packaged one; "de_thorsten" of a folder that was fetched."""
    return Path(model).stem.removeprefix(PREFIX) if model else "joe"
