"""What every voice shares: settings, the table of backends, and the Protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ..core.arrays import Pcm
from ..core.enums import MarkKind
from ..core.errors import TtsError
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from .cancel_token import CancelToken

PORT = Port(
    subscribes=("speech/sentence", "speech/draft", "speech/playback", "mic/voice_activity"),
    publishes=("speech/audio", "speech/fault", "offer"),
)
#: Code of the error for a text of which a voice can read nothing; what follows it in the sentence may be readable.
UNREADABLE = "tts_unreadable"
#: Id of the voice that a backend with several would have without its parameter `voices`.
PLAIN = "plain"
#: Codes of errors of a voice whose weights are missing, damaged, changed, or another voice's: a fallback speaks then.
NO_VOICE = MODEL_MISSING, MODEL_UNFIT, MODEL_CHANGED, MODEL_KIND = (
    "tts_model_missing", "tts_model_unfit", "tts_model_changed", "tts_model_kind"
)  # fmt: skip


@dataclass(frozen=True)
class TtsSettings(Settings):
    """Parameters of the tts node."""

    backend: str = setting("espeak", "voice: espeak, piper, kokoro, edge, openai_speech, cosyvoice or fake")
    locale: str = setting("en-US", "the kiosk's language, which the voice is made ready for; BCP 47")
    voices_of_avatar: tuple[str, ...] = setting(
        (),
        "what of the backend's `voices` the avatar asks for, 'espeak:en-US=en-us+f4' each, set by the kiosk; another "
        "avatar's take their place, and those of others stay",
    )
    fallback: str = setting("espeak", "voice that takes over while the backend fails; '' for none")
    retry_s: float = setting(30.0, "the backend is tried again this long after it failed, s", low=0.0)
    speech_rate_hz: int = setting(24000, "sample rate of all speech in a session, Hz", low=8000, high=48000)
    chunk_s: float = setting(0.04, "sound in one chunk, s", low=0.01, high=0.5)
    first_chunk_s: float = setting(
        0.16, "sound in a turn's first chunk, s: less makes no lips, and several are more work", low=0.01, high=0.5
    )
    ahead_s: float = setting(2.0, "how far sound may be sent ahead of its playback, s", low=0.2, high=10.0)
    burst_s: float = setting(
        0.32, "sound sent at once when a turn begins, s; it grows to ahead_s by 4 s a second", low=0.1, high=10.0
    )
    no_clock_s: float = setting(2.0, "without news of the playback for this long, go on in real time, s", low=0.1)
    pause_s: float = setting(0.25, "silence between two sentences, s", low=0.0, high=2.0)
    tail_s: float = setting(0.05, "silence after the last sentence of a turn, s", low=0.0, high=1.0)
    split_chars: int = setting(280, "a longer sentence is spoken in parts of this length", low=40, high=2000)
    first_sound_timeout_s: float = setting(4.0, "services: longest wait for a sentence's first sound, s", low=0.1)
    gap_timeout_s: float = setting(3.0, "services: longest wait within a sentence, s", low=0.1)
    session_ttl_s: float = setting(600.0, "a session unused for this long is forgotten, s; 0: never", low=0.0)


@dataclass(frozen=True)
class NamedVoices(Settings):
    """Options that voices with names have in common."""

    voices: tuple[str, ...] = setting((), "voice per language, 'locale=voice' each, e.g. 'en-US=en-us+f3'")

    def voice_by_locale(self) -> dict[str, str]:
        """`voices` as a mapping, locales in lower case."""
        pairs = (entry.partition("=") for entry in self.voices)
        return {locale.strip().lower(): voice.strip() for locale, _, voice in pairs}


@dataclass(frozen=True)
class VoiceMark:
    """A phone or word of an utterance, in seconds from the utterance's first sample."""

    kind: MarkKind
    text: str
    start_s: float
    end_s: float

    def shifted(self, by_s: float) -> VoiceMark:
        """The mark that much later, or earlier, but not before the first sample."""
        return VoiceMark(self.kind, self.text, max(0.0, self.start_s + by_s), max(0.0, self.end_s + by_s))


@dataclass(frozen=True)
class Part:
    """The next sound of an utterance, int16 mono; marks may concern any time of the utterance."""

    pcm: Pcm
    sample_rate_hz: int
    marks: tuple[VoiceMark, ...] = field(default=())


class BusyError(TtsError):
    """A service that has too much to do. retry_after_s: it asks to be left alone for so long, s; 0: it does not say."""

    def __init__(self, text: str, retry_after_s: float) -> None:
        super().__init__("tts_busy", text, retryable=True)
        self.retry_after_s = retry_after_s


class Voice(Protocol):
    """Turns text into sound; made as `Class(settings)` or `Class(settings, own)`.

    blocking: `speak` may wait for a service; the stage then runs it on a thread of its own.
    """

    blocking: bool

    def load(self) -> None:
        """Get ready to speak at once. Raises ConfigError or TtsError."""

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """The sound of `text` (clean, not empty) as it becomes known. Raises TtsError.

        stop: cancelled by another thread, it ends the waiting and closes connections; what came so far is then all.
        """

    def expect(self) -> None:
        """The user has begun to speak: a sentence may come in a second or two. Never waits."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say; "warning" where the voice is degraded."""

    def close(self) -> None:
        """Free what `load` took."""


@dataclass(frozen=True)
class VoiceChoice:
    """A voice that a person may choose. id: unique in its backend; name: for people; locale: BCP 47, "" for any."""

    id: str
    name: str
    locale: str = ""


@runtime_checkable
class ManyVoices(Protocol):
    """A Voice that can speak as several; `voices` counts once it is loaded."""

    def voices(self) -> tuple[VoiceChoice, ...]:
        """Which there are, besides the one that `speak` uses."""

    def speak_as(self, voice: str, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """As `speak`, by the voice with that id, or one that an avatar's card names; PLAIN: by what it has without
        `voices`; by the usual one where it is unknown, or not of that language.
        """


def spoken_by(
    voice: Voice, choice: str, text: str, locale: str, stop: CancelToken | None = None
) -> Iterator[Part]:
    """The sound of `text` by the voice with the id `choice`, where there are several and it is not ""."""
    if choice and isinstance(voice, ManyVoices):
        return voice.speak_as(choice, text, locale, stop)
    return voice.speak(text, locale, stop)


TTS_BACKENDS = Registry(
    "tts",
    Voice,
    {
        "espeak": Backend(
            "avatar_ros.tts.espeak:EspeakVoice", "embedded", settings="avatar_ros.tts.espeak:EspeakSettings"
        ),
        "edge": Backend(
            "avatar_ros.tts.edge:EdgeVoice",
            "edge",
            ("edge_tts", "aiohttp"),
            "avatar_ros.tts.edge_settings:EdgeSettings",
        ),
        "openai_speech": Backend(
            "avatar_ros.tts.openai_speech:OpenAiVoice", settings="avatar_ros.tts.openai_speech:OpenAiSpeechSettings"
        ),
        "cosyvoice": Backend(
            "avatar_ros.tts.cosyvoice:CosyVoice", settings="avatar_ros.tts.cosyvoice:CosyVoiceSettings"
        ),
        "piper": Backend(
            "avatar_ros.tts.piper:PiperVoice",
            "piper",
            ("onnxruntime",),
            "avatar_ros.tts.piper_settings:PiperSettings",
        ),
        "kokoro": Backend(
            "avatar_ros.tts.kokoro:KokoroVoice",
            "embedded",
            ("onnxruntime",),
            "avatar_ros.tts.kokoro_settings:KokoroSettings",
        ),
        "fake": Backend("avatar_ros.tts.fake:FakeVoice"),
    },
)
