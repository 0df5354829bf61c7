"""One Piper voice, loaded: text to sound and marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..core.arrays import F32, Pcm
from ..core.errors import ConfigError, TtsError
from ..core.levels import gain_from_db, pcm_from_unit
from .base import MODEL_UNFIT, Part, VoiceMark
from .cancel_token import CancelToken
from .piper_config import BEGIN, END, LETTERS, PAD, PiperConfig, read_config
from .piper_files import find_voice
from .piper_marks import Place, last_sound_end, marks, places
from .piper_settings import PiperSettings
from .piper_text import Phrase, Piece, phrase, pieces, words_in
from .readable_text import readable_text
from .spelling import Clause, Speller
from .vits import VitsNetwork

#: Read aloud to warm up: numbers are words in every language.
_TRIAL_TEXT = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."
#: Of a voice that is spelled by letters, so many are enough.
_TRIAL_LETTERS = 40
#: Of the trial's symbols, more unknown ones are a table for another voice.
_MOST_UNKNOWN = 0.2
#: Level of a voice's speech without its pauses, and how far one is lifted or lowered to it, dB.
_LEVEL_DBFS, _LEAST_GAIN_DB, _MOST_GAIN_DB = -20.0, -6.0, 18.0
#: From here on peaks are bent, and never reach 1.
_KNEE = 0.7
#: Kept behind the last sound of a piece: its release. The rest is the stage's business.
_RELEASE_S = 0.06
#: Between two parts of one sentence, cut at a comma.
_CLAUSE_PAUSE_S = 0.1
#: A sound that a sentence ends with fades within this.
_FADE_S = 0.01


class LoadedVoice:
    """name: of its file; locale: its language; warning: "" or what it lacks. Raises ConfigError."""

    def __init__(self, model: str, own: PiperSettings, speller: Speller, pause_s: float) -> None:
        files = find_voice(model)
        self.config = read_config(files.config)
        self.name, self.locale = files.network.stem, self.config.locale
        self._speller = speller
        self._pause_s = pause_s
        self._speaker = self.config.speaker(own.speaker)
        self._scales = _scales(self.config, own)
        self._network = VitsNetwork(files.network, files.read_network(), own.threads, own.seed)
        self._check_vocabulary(files.config)
        self._gain = 1.0
        self._try_out(files.config, own.gain_db)
        self.warning = "" if self._network.exact else (
            f"{self.name} does not say how long its sounds last: its lips follow the text and the sound"
        )  # fmt: skip

    def readable(self, text: str) -> tuple[str, str]:
        """The text without what the voice cannot read, and what to tell of that. Raises TtsError where most is lost."""
        return readable_text(text, self.locale, self.name)

    def speak(self, text: str, stop: CancelToken) -> Iterator[Part]:
        """The sound of the text stretch by stretch; the marks of each piece come with its first sound."""
        said = 0
        for piece in pieces(text):
            begin_s = said / self._rate_hz
            for pcm, found in self._spoken(piece, stop):
                said += len(pcm)
                yield Part(pcm, self._rate_hz, tuple(mark.shifted(begin_s) for mark in found))
            silence_s = self._pause_s if piece.ends_sentence else _CLAUSE_PAUSE_S
            if not piece.is_last:
                silence = np.zeros(round(silence_s * self._rate_hz), np.int16)
                said += len(silence)
                yield Part(silence, self._rate_hz)

    def close(self) -> None:
        """Free the network."""
        self._network.close()

    def _spoken(self, piece: Piece, stop: CancelToken) -> Iterator[tuple[Pcm, tuple[VoiceMark, ...]]]:
        """The sound of a piece, and with the first of it the marks, from the piece's first sample."""
        said = self._phrase(piece.text)
        numbers = [self.config.ids.get(symbol, ()) for symbol in said.symbols]
        if not any(numbers):
            return
        made = self._network.encode(self._ids(numbers), self._scales, self._speaker)
        found: tuple[VoiceMark, ...] = ()
        begin, end = 0, self._network.frames_of(made)
        if made.frames is not None:
            where = places(made.frames.tolist(), [len(part) for part in numbers])
            begin, end = max(0, where[0].blank - 1), min(end, self._end(said, where))
            found = tuple(mark.shifted(-begin * self._frame_s) for mark in marks(said, where, self._frame_s))
        sounds = map(self._pcm, self._network.decode(made, self._speaker, stop, begin, end))
        for pcm in faded_end(sounds, (end - begin) * self._network.hop, round(_FADE_S * self._rate_hz)):
            yield pcm, found
            found = ()

    def _phrase(self, text: str) -> Phrase:
        if self.config.kind == LETTERS:
            return phrase([Clause(text.casefold(), "")], (), ())
        words = words_in(text)
        spelled = self._speller.spell(self.config.espeak_voice, text, words)
        return phrase(self._replaced(spelled.clauses), words, spelled.words)

    def _replaced(self, clauses: tuple[Clause, ...]) -> list[Clause]:
        table = {ord(name): "".join(new) for name, new in self.config.replaced.items() if len(name) == 1}
        return [Clause(clause.ipa.translate(table), clause.text) for clause in clauses]

    def _ids(self, numbers: list[tuple[int, ...]]) -> list[int]:
        """Begin, end, and a blank between any two numbers."""
        ids, pad = self.config.ids, self.config.ids[PAD]
        out = [*ids[BEGIN], *pad]
        for number in (number for symbol in numbers for number in symbol):
            out += [number, *pad]
        return [*out, *ids[END]]

    def _end(self, said: Phrase, where: list[Place]) -> int:
        """The frame with which the sound of a piece ends."""
        return last_sound_end(said, where) + round(_RELEASE_S / self._frame_s)

    def _pcm(self, sound: F32) -> Pcm:
        loud = sound * self._gain
        over = np.maximum(np.abs(loud) - _KNEE, 0.0) / (1 - _KNEE)
        bent = np.sign(loud) * (_KNEE + (1 - _KNEE) * np.tanh(over))
        return pcm_from_unit(np.where(over > 0, bent, loud))

    def _check_vocabulary(self, config: Path) -> None:
        known = self._network.vocabulary
        if known and self.config.largest_id >= known:
            text = f"{config} has symbols up to {self.config.largest_id}, and its network knows {known}"
            raise ConfigError(MODEL_UNFIT, f"{text}: the two files are of different voices; get the voice again")

    def _try_out(self, config: Path, gain_db: float) -> None:
        """Speak to warm up, and find the gain. Raises ConfigError where the voice's files do not fit."""
        try:
            letters = "".join(sorted(symbol for symbol in self.config.ids if symbol.isalpha()))[:_TRIAL_LETTERS]
            said = self._phrase(letters if self.config.kind == LETTERS else _TRIAL_TEXT)
        except TtsError as error:
            raise ConfigError(MODEL_UNFIT, f"{config}: {error}") from error
        numbers = [self.config.ids.get(symbol, ()) for symbol in said.symbols]
        unknown = sorted({symbol for symbol, found in zip(said.symbols, numbers, strict=True) if not found})
        if len(unknown) > _MOST_UNKNOWN * len(set(said.symbols)):
            text = f"{config} lacks the sounds {' '.join(unknown[:20])}, which numbers in {self.locale} have"
            raise ConfigError(MODEL_UNFIT, f"{text}: it is another voice's; get the voice again")
        sound = self._network.try_out(self._ids(numbers), self._speaker)
        lift_db = _LEVEL_DBFS - _speech_dbfs(sound, self._rate_hz)
        self._gain = gain_from_db(min(_MOST_GAIN_DB, max(_LEAST_GAIN_DB, lift_db)) + gain_db)

    @property
    def _rate_hz(self) -> int:
        return self.config.sample_rate_hz

    @property
    def _frame_s(self) -> float:
        return self._network.hop / self._rate_hz


def voice_locale(folder: Path) -> str:
    """The language of the voice in a folder; "" where it is none."""
    with suppress(ConfigError):
        return read_config(find_voice(str(folder)).config).locale
    return ""


def _scales(config: PiperConfig, own: PiperSettings) -> tuple[float, float, float]:
    noise = config.noise_scale if own.noise_scale < 0 else own.noise_scale
    rhythm = config.noise_w if own.noise_w < 0 else own.noise_w
    return noise, config.length_scale / own.speed, rhythm


def _speech_dbfs(sound: F32, rate_hz: int) -> float:
    """Level of a sound's louder half: pauses do not count."""
    size = max(1, rate_hz // 50)
    blocks = sound[: len(sound) // size * size].reshape(-1, size)
    if not len(blocks):
        return _LEVEL_DBFS
    loud = np.sort((blocks.astype(np.float64) ** 2).mean(axis=1))[len(blocks) // 2 :]
    return float(10 * np.log10(loud.mean() + 1e-12))


def faded_end(sounds: Iterable[Pcm], total: int, samples: int) -> Iterator[Pcm]:
    """The sounds, `total` samples in all, of which the last `samples` fade out: they are cut where the speech ends."""
    given = 0
    for sound in sounds:
        given += len(sound)
        left = total - given + np.arange(len(sound), 0, -1)
        fades = given > total - samples
        yield np.round(sound * np.clip(left / samples, 0.0, 1.0)).astype(np.int16) if fades else sound
