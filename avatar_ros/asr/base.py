"""What a recogniser is, its settings, and where the backends live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..core.arrays import Pcm
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port

PORT = Port(subscribes=("mic/utterance",), publishes=("speech/transcript", "offer"))


@dataclass(frozen=True)
class AsrSettings(Settings):
    """Parameters of the asr node."""

    backend: str = setting(
        "pocketsphinx",
        "recogniser: pocketsphinx (the answers file's questions), whisper (any words), cascade (first the one, then "
        "`second`), sherpa (whatever sherpa-onnx loads), sensevoice (FunASR), sensevoice_sherpa (sherpa-onnx) or fake",
    )
    fallback: str = setting(
        "",
        "what hears, with a warning, where the backend's library or model is missing; empty: nothing, that is an error",
    )
    second: str = setting(
        "",
        "what writes down the words that the answers file does not know, where backend is cascade: whisper, sherpa, "
        "sensevoice_sherpa or sensevoice",
    )
    answers_file: str = setting("config/answers.yaml", "questions to expect; relative to the package's share folder")
    locale: str = setting("en-US", "the kiosk's language, whose translation of the answers file is expected; BCP 47")
    min_confidence: float = setting(0.4, "what is understood with less is rejected", low=0.0, high=1.0)
    partial_period_s: float = setting(
        0.06, "how often words are published while somebody speaks, s", low=0.03, high=2.0
    )
    max_utterance_s: float = setting(30.0, "a longer utterance is rejected, s", low=1.0, high=300.0)
    hear_patience_s: float = setting(
        5.0,
        "what ended longer ago is not recognised: dialogue_node, whose parameter of this name it should equal, has "
        "given it up, s",
        low=0.1,
        high=60.0,
    )
    quiet_dbfs: float = setting(
        -45.0,
        "what is not understood and nowhere louder was too quiet, dBFS: whoever spoke is asked to speak up",
        low=-100.0,
        high=0.0,
    )


@dataclass(frozen=True)
class Hypothesis:
    """What was said, as far as a recogniser can tell so far.

    confidence 0–1, 1 where the backend gives none; rejected: speech, but no words that it knows; complete: the text
    is a whole sentence; emotion, events: names of docs/conventions.md. Events without words are not rejected.
    """

    text: str = ""
    confidence: float = 0.0
    rejected: bool = False
    complete: bool = False
    locale: str = "en-US"
    emotion: str = ""
    events: tuple[str, ...] = ()


class RecognitionStream(Protocol):
    """One utterance being recognised."""

    def accept(self, pcm: Pcm) -> None:
        """Take the next sound, int16 mono at 16 kHz."""
        ...

    def partial(self) -> Hypothesis:
        """The hypothesis so far; never so expensive that it would delay `finish`."""
        ...

    def finish(self) -> Hypothesis:
        """The final hypothesis; the stream is not used afterwards."""
        ...

    def abandon(self) -> None:
        """Instead of `finish`: the result is not wanted."""
        ...


class Recogniser(Protocol):
    """A backend: a model that many utterances share; made as `Class(settings)` or `Class(settings, own)`."""

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError with what to do."""
        ...

    def start(self) -> RecognitionStream:
        """Begin an utterance."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@runtime_checkable
class KnowsLanguages(Protocol):
    """A Recogniser that hears some languages only: their codes, ("en",)."""

    hears: tuple[str, ...]


_SENSEVOICE = "avatar_ros.asr.sensevoice_settings:SenseVoiceSettings"
ASR_BACKENDS = Registry(
    "asr",
    Recogniser,
    {
        "pocketsphinx": Backend("avatar_ros.asr.sphinx:SphinxRecogniser", "embedded", ("pocketsphinx", "onnxruntime")),
        "whisper": Backend(
            "avatar_ros.asr.whisper:WhisperRecogniser",
            "whisper",
            ("ctranslate2",),
            "avatar_ros.asr.whisper_settings:WhisperSettings",
        ),
        "cascade": Backend("avatar_ros.asr.cascade:CascadeRecogniser", "embedded", composite=True),
        "sensevoice": Backend(
            "avatar_ros.asr.sensevoice:SenseVoiceRecogniser",
            "sensevoice",
            ("funasr", "torch", "torchaudio", "kaldi_native_fbank", "sentencepiece"),
            _SENSEVOICE,
        ),
        "sensevoice_sherpa": Backend(
            "avatar_ros.asr.sensevoice_sherpa:SherpaRecogniser", "sherpa", ("sherpa_onnx",), _SENSEVOICE
        ),
        "sherpa": Backend(
            "avatar_ros.asr.sherpa:SherpaModelRecogniser",
            "sherpa",
            ("sherpa_onnx",),
            "avatar_ros.asr.sherpa_settings:SherpaSettings",
        ),
        "fake": Backend("avatar_ros.asr.fake:FakeRecogniser", settings="avatar_ros.asr.fake:FakeSettings"),
    },
)
