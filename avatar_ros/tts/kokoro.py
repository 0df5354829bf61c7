"""Backend `kokoro`: Kokoro-82M (https://huggingface.co/hexgrad/Kokoro-82M, Apache-2.0) as kokoro-onnx exports it.

Richer than Piper, and five times the work: for machines with more than two cores. espeak-ng spells, in a process of its
own. A voice is a table of styles, float32 [510, 256], one for each length of a text. The tokens' durations are an inner
tensor of the network, behind its only Round and Clip; made an output, they give exact times.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..core.arrays import F32
from ..core.errors import ConfigError, TtsError
from ..core.inference import CPU, session_options
from ..core.levels import gain_from_db, pcm_from_unit
from ..core.loading import boundary, read_bytes, saying
from ..core.locales import same_language
from ..core.onnx_cut import OnnxGraph
from ..core.paths import share_file
from .base import MODEL_KIND, MODEL_MISSING, MODEL_UNFIT, PLAIN, UNREADABLE, Part, TtsSettings, VoiceChoice, VoiceMark
from .cancel_token import CancelToken
from .error_capture import ErrorCapture
from .kokoro_settings import KokoroSettings
from .piper_marks import Place, marks
from .piper_text import Phrase, phrase, pieces, words_in
from .readable_text import readable_text
from .spelling import Speller
from .text import nearest

RATE_HZ = 24000
#: The symbols of StyleTTS 2, in the order of their numbers; the first is the pad.
SYMBOLS = (
    '$;:,.!?¡¿—…"«»“” ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'̩'ᵻ"
)
_NUMBERS = {symbol: number for number, symbol in reversed(list(enumerate(SYMBOLS)))}
#: First letter of a voice's name -> (locale, espeak-ng's voice).
LANGUAGES = {
    "a": ("en-US", "en-us"), "b": ("en-GB", "en-gb"), "e": ("es", "es"), "f": ("fr", "fr-fr"), "h": ("hi", "hi"),
    "i": ("it", "it"), "p": ("pt-BR", "pt-br"),
}  # fmt: skip
STYLE_ROWS, STYLE_SIZE = 510, 256
_MAX_BYTES = 1 << 30
_PAUSE_S = 0.1


class KokoroVoice:
    """Speaks piece by piece, the first one short. One network at work at a time."""

    blocking = True

    def __init__(self, settings: TtsSettings, own: KokoroSettings) -> None:
        self._settings = settings
        self._own = own
        self._speller = Speller()
        self._lock = threading.Lock()
        self._session: Any = None
        self._folder = Path()
        self._voices: dict[str, str] = {}  # locale -> voice
        self._styles: dict[str, F32] = {}  # voice -> [STYLE_ROWS, STYLE_SIZE]
        self._problems: dict[str, None] = {}

    def load(self) -> None:
        """Load the network and the voices, and speak once. Raises ConfigError."""
        self._folder = _folder(self._own.model)
        self._voices = {_locale(self._own.voice).lower(): self._own.voice, **self._own.voice_by_locale()}
        for voice in self._voices.values():
            self._styles[voice] = _style(self._folder, voice)
        self._session = _open(self._folder, self._own.threads)
        try:
            list(self._speak("1, 2, 3.", self._own.voice, CancelToken()))
        except TtsError as error:
            raise ConfigError(MODEL_UNFIT, f"{self._folder}: {error}; get the model again") from error

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """The sound of the text, each piece with its marks. Raises TtsError: tts_unreadable without a voice for it."""
        yield from self.speak_as("", text, locale, stop)

    def voices(self) -> tuple[VoiceChoice, ...]:
        """All of the model's folder that are of a language which is spelled for it."""
        names = sorted(file.stem for file in (self._folder / "voices").glob("*.bin"))
        known = (name for name in names if name[:1] in LANGUAGES and name[2:3] == "_")
        return tuple(VoiceChoice(name, f"Kokoro, {name[3:]}", _locale(name)) for name in known)

    def speak_as(self, voice: str, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """As `speak`, by that voice, where it is of that language."""
        if self._session is None:
            try:
                self.load()
            except ConfigError as error:
                raise TtsError(error.code, error.text, retryable=True) from error
        voice = self._named(voice, locale)
        text, problem = readable_text(text, _locale(voice), voice)
        if problem:
            self._problems[problem] = None
        yield from self._speak(text, voice, stop or CancelToken())

    def _named(self, voice: str, locale: str) -> str:
        """The voice with that id, where it is of that language; else the usual one."""
        if voice == PLAIN:
            return self._own.voice if same_language(_locale(self._own.voice), locale) else self._usual(locale)
        if voice not in (known := {one.id: one.locale for one in self.voices()}):
            self._problems[f"kokoro has no voice '{voice[:80]}', which was asked for: the usual one speaks"] = None
        fits = voice in known and same_language(known[voice], locale) and self._has_style(voice)
        return voice if fits else self._usual(locale)

    def _usual(self, locale: str) -> str:
        voice, known = nearest(locale, self._voices, (), self._own.voice)
        language = (locale or _locale(voice)).replace("_", "-").partition("-")[0].lower()
        if locale and not known:
            same = sorted(tag for tag in self._voices if tag.partition("-")[0] == language)
            if not same:
                raise TtsError(UNREADABLE, f"kokoro has no voice for '{locale}'; name one in `kokoro.voices`")
            voice = self._voices[same[0]]
        return voice

    def _has_style(self, voice: str) -> bool:
        """Read it where it has not been. A file that is wrong is told as a problem."""
        try:
            if voice not in self._styles:
                self._styles[voice] = _style(self._folder, voice)
        except ConfigError as error:
            self._problems[error.text] = None
        return voice in self._styles

    def expect(self) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """The voice, and what was left out since last asked."""
        problems, self._problems = self._problems, {}
        out = {"voice": self._own.voice}
        return {**out, "warning": "; ".join(list(problems)[:3])} if problems else out

    def close(self) -> None:
        """Free the network and end espeak-ng."""
        with self._lock:
            self._session = None
            self._speller.close()

    def _speak(self, text: str, voice: str, stop: CancelToken) -> Iterator[Part]:
        said_s = 0.0
        for piece in pieces(text):
            words = words_in(piece.text)
            spelled = self._speller.spell(LANGUAGES[voice[0]][1], piece.text, words)
            said = phrase(spelled.clauses, words, spelled.words)
            with self._lock:
                sound, found = self._sound(said, voice, stop)
            if stop.cancelled:
                return
            pause_s = 0.0 if piece.is_last else self._settings.pause_s if piece.ends_sentence else _PAUSE_S
            pcm = pcm_from_unit(np.pad(sound * gain_from_db(self._own.gain_db), (0, round(pause_s * RATE_HZ))))
            yield Part(np.clip(pcm, -32000, 32000), RATE_HZ, tuple(mark.shifted(said_s) for mark in found))
            said_s += len(pcm) / RATE_HZ

    def _sound(self, said: Phrase, voice: str, stop: CancelToken) -> tuple[F32, tuple[VoiceMark, ...]]:
        """A piece's sound, full scale 1, and its marks. Raises TtsError."""
        known = [symbol in _NUMBERS for symbol in said.symbols]
        numbers = [_NUMBERS[symbol] for symbol in said.symbols if symbol in _NUMBERS][: STYLE_ROWS - 1]
        feed = {
            "tokens": np.array([[0, *numbers, 0]], np.int64),
            "style": self._styles[voice][len(numbers)][None],
            "speed": np.array([self._own.speed], np.float32),
        }
        options, captured = onnxruntime.RunOptions(), ErrorCapture()
        out: list[Any] = []
        with captured, stop.on_cancel(lambda: setattr(options, "terminate", True)):
            out = self._session.run(None, feed, options)
        if captured.error is not None and not stop.cancelled:
            raise TtsError("tts_network", f"{self._folder.name} failed: {saying(captured.error)}") from captured.error
        if not out or len(out) < 2:
            return (out[0].reshape(-1) if out else np.zeros(0, np.float32)), ()
        frames = np.round(out[1].reshape(-1)).astype(np.int64)
        sound = np.asarray(out[0].reshape(-1), np.float32)
        return sound, marks(said, _places(frames, known), len(sound) / max(1, int(frames.sum())) / RATE_HZ)


def _places(frames: Any, known: list[bool]) -> list[Place]:
    """Where each symbol lies, and the end: no blanks here."""
    at, number, out = int(frames[0]), 1, []
    for each in known:
        length = int(frames[number]) if each and number < len(frames) - 1 else 0
        number += each
        out.append(Place(at, at, at + length))
        at += length
    return [*out, Place(at, at, int(frames.sum()))]


def _locale(voice: str) -> str:
    if voice[:1] not in LANGUAGES or voice[2:3] != "_":
        known = ", ".join(f"{letter}: {locale}" for letter, (locale, _) in LANGUAGES.items())
        raise ConfigError("tts_voice", f"kokoro voice '{voice}' is of no language that is spelled for it ({known})")
    return LANGUAGES[voice[0]][0]


def _folder(model: str) -> Path:
    path = Path(model).expanduser()
    try:
        folder = path if model and path.is_dir() else share_file(str(path) if path.is_absolute() else f"models/{model}")
    except ConfigError as error:
        raise ConfigError(MODEL_MISSING, f"no Kokoro model '{model}': {error.text}; set `kokoro.model`") from error
    if not model or len(list(folder.glob("*.onnx"))) != 1:
        raise ConfigError(MODEL_MISSING, f"{folder} must hold one .onnx of Kokoro, and voices/; set `kokoro.model`")
    return folder


def _style(folder: Path, voice: str) -> F32:
    _locale(voice)
    path = folder / "voices" / f"{voice}.bin"
    if not path.is_file():
        raise ConfigError(MODEL_MISSING, f"{path} is missing: it is the voice '{voice}' of Kokoro")
    data = read_bytes(path, _MAX_BYTES, MODEL_UNFIT)
    if len(data) != 4 * STYLE_ROWS * STYLE_SIZE:
        raise ConfigError(MODEL_UNFIT, f"{path} is no voice of Kokoro: {len(data)} bytes; get it again")
    return np.frombuffer(data, "<f4").reshape(STYLE_ROWS, STYLE_SIZE)


def _open(folder: Path, threads: int) -> Any:
    file = next(folder.glob("*.onnx"))
    with boundary(file, ConfigError, MODEL_UNFIT, "it is no network that onnxruntime can run: get it again"):
        data = read_bytes(file, _MAX_BYTES, MODEL_UNFIT)
        graph = OnnxGraph(data)
        if set(graph.inputs) != {"tokens", "style", "speed"} or graph.outputs != ["audio"]:
            takes = f"takes {', '.join(graph.inputs)} and gives {', '.join(graph.outputs)}"
            raise ConfigError(MODEL_KIND, f"{file} {takes}; Kokoro takes tokens, style, speed and gives audio")
        rounded = {name for node in graph.nodes if node.operator == "Round" for name in node.outputs}
        clips = [node.outputs[0] for node in graph.nodes if node.operator == "Clip" and node.inputs[0] in rounded]
        part = graph.cut(["audio", clips[0]]) if len(clips) == 1 else data
        return onnxruntime.InferenceSession(part, session_options(onnxruntime, threads), providers=[CPU])
