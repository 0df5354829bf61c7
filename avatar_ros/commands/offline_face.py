"""Sound or text in, a picture, a video or weights out, without a conversation: models are loaded once and kept."""

from __future__ import annotations

import io
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..audio.wav import read_wav
from ..avatar.load import BUILT_IN, avatar_file, load_avatar
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_INDEX
from ..core.arrays import F32, U8, Pcm
from ..core.backdrop_words import parse_backdrop
from ..core.enums import AgentState
from ..core.errors import ConfigError
from ..core.rates import LISTENING_RATE_HZ
from ..encoder.base import Encoder
from ..encoder.encode import encode, load_encoder
from ..motion.offline import express_phones
from ..render.base import Rasteriser, RasterSettings
from ..render.clip_mixer import ClipMixer
from ..render.pose import portrait_camera
from ..render.scenery import ScenerySettings, scenery
from ..render.stage import RendererSettings
from ..tts.base import TTS_BACKENDS, TtsSettings, Voice
from .expression_file import ExpressionTrack
from .render import checked_fps, parse_size

PICTURE_FPS = 30.0
JPEG_QUALITY = 92
#: Behind the face, where nothing else is asked for.
_BACKGROUND = ScenerySettings().background
_OWN = RendererSettings()


@dataclass(frozen=True)
class Spoken:
    """A voice: pcm int16 mono at rate_hz; wav: as a file, in its own quality; text: "" where it is not known."""

    pcm: Pcm
    rate_hz: int
    wav: bytes
    text: str = ""
    locale: str = ""

    @property
    def length_s(self) -> float:
        return len(self.pcm) / self.rate_hz


@dataclass(frozen=True)
class Appearance:
    """How it is drawn. avatar: a file or BUILT_IN; size: WIDTHxHEIGHT; background: a word of core/backdrop_words.py, no
    picture; transparent for PNG alone.
    """

    avatar: str = BUILT_IN
    size: str = "512x512"
    background: str = ""


class OfflineFace:
    """One thread at a time."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._encoder: Encoder | None = None
        self._voice: Voice | None = None
        self._drawn: tuple[str, Avatar, Rasteriser] | None = None

    # --- sound ---------------------------------------------------------------------------------------------------

    def read(self, path: Path, text: str = "", locale: str = "") -> Spoken:
        """A WAV file. Raises ConfigError where it is none, or too long."""
        sound = read_wav(path)
        return self._checked(Spoken(sound.pcm, LISTENING_RATE_HZ, path.read_bytes(), text, locale))

    def speak(self, text: str, locale: str) -> Spoken:
        """Have the text spoken by the packaged voice. Raises ConfigError for a text without words."""
        if self._voice is None:
            settings = TtsSettings()
            self._voice = TTS_BACKENDS.make(settings.backend, settings)
            self._voice.load()
        parts = list(self._voice.speak(text, locale))
        if not parts or not sum(len(part.pcm) for part in parts):
            raise ConfigError("no_speech", "the text holds no word that can be spoken")
        rate_hz = parts[0].sample_rate_hz
        pcm = np.concatenate([part.pcm for part in parts])
        return self._checked(Spoken(pcm, rate_hz, wav_bytes(pcm, rate_hz), text, locale))

    def _checked(self, spoken: Spoken) -> Spoken:
        if spoken.length_s > self._longest_s:
            raise ConfigError("too_long", f"{spoken.length_s:.0f} s of sound; at most {self._longest_s:g} s are taken")
        return spoken

    # --- weights -------------------------------------------------------------------------------------------------

    def express(self, spoken: Spoken, fps: float) -> ExpressionTrack:
        """The face that says it. Raises ConfigError for a rate that cannot be, or sound too short for a frame."""
        if self._encoder is None:
            self._encoder = load_encoder()
        features = encode(
            spoken.pcm, spoken.rate_hz, spoken.text, encoder=self._encoder, locale=spoken.locale or "en-US"
        )
        if not len(features):
            raise ConfigError("sound_file", "the sound is too short for a frame of lips")
        weights = express_phones(features, self._encoder.rate_hz, checked_fps(fps), kind=self._encoder.kind)
        return ExpressionTrack(weights, fps)

    # --- pictures ------------------------------------------------------------------------------------------------

    def picture(self, spoken: Spoken, look: Appearance, at_s: float | None, suffix: str) -> bytes:
        """JPEG or PNG of the face at that instant; None: where the mouth is open the widest."""
        track = self.express(spoken, PICTURE_FPS)
        if at_s is None:
            openness = track.weights[:, ARKIT_INDEX["jawOpen"]] - track.weights[:, ARKIT_INDEX["mouthClose"]]
            at_s = int(np.argmax(openness)) / track.fps
        if not 0 <= at_s <= track.duration_s:
            raise ConfigError("bad_moment", f"at is {at_s:g} s; the sound lasts {track.duration_s:.2f} s")
        clear = suffix == ".png" and look.background in ("", "transparent")
        background = "transparent" if clear else look.background or _BACKGROUND
        frame = next(self._frames(track, look, background, iter((at_s,))))
        code = cv2.COLOR_RGBA2BGRA if clear else cv2.COLOR_RGBA2BGR
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
        done, data = cv2.imencode(suffix, cv2.cvtColor(frame, code), options)
        if not done:
            raise ConfigError("bad_picture", f"a picture of {look.size} could not be written as {suffix}")
        return data.tobytes()

    def video(self, spoken: Spoken, look: Appearance, fps: float) -> bytes:
        """MP4 with the sound."""
        from ..display.export import write_video
        from ..display.mp4 import PROMPT

        track = self.express(spoken, fps)
        times_s = (i / fps for i in range(max(1, round(track.duration_s * fps))))
        with tempfile.TemporaryDirectory(prefix="avatar_") as folder:
            sound, out = Path(folder) / "sound.wav", Path(folder) / "out.mp4"
            sound.write_bytes(spoken.wav)
            frames = self._frames(track, look, look.background or _BACKGROUND, times_s)
            write_video(out, frames, fps, sound, PROMPT)
            return out.read_bytes()

    def _frames(self, track: ExpressionTrack, look: Appearance, colour: str, times_s: Iterator[float]) -> Iterator[U8]:
        avatar, rasteriser = self._rasteriser(look.avatar)
        width, height = parse_size(look.size)
        camera = portrait_camera(avatar, width, height)
        mixer = ClipMixer(avatar.clips, _OWN.clips)
        mixer.set_state(AgentState.SPEAKING, 0.0)
        out = np.zeros((height, width, 4), np.uint8)
        parse_backdrop(colour, pictures=False)  # the word may come from somebody else: none of our files
        behind = scenery(rasteriser, avatar, camera, ScenerySettings(colour))
        for time_s in times_s:
            rasteriser.render(_weights(track, time_s), mixer.at(time_s), camera, behind, out)
            yield out

    def _rasteriser(self, name: str) -> tuple[Avatar, Rasteriser]:
        if self._drawn is None or self._drawn[0] != name:
            if self._drawn is not None:
                self._drawn[2].close()
                self._drawn = None
            from ..render.auto import make_rasteriser

            avatar = load_avatar(avatar_file(name))
            settings = RasterSettings(transparent_alpha="straight", smoke_cover=_OWN.smoke_cover)
            self._drawn = (name, avatar, make_rasteriser(avatar, settings)[0])
        return self._drawn[1], self._drawn[2]

    def close(self) -> None:
        """Free the models."""
        if self._encoder is not None:
            self._encoder.close()
        if self._voice is not None:
            self._voice.close()
        if self._drawn is not None:
            self._drawn[2].close()


def _weights(track: ExpressionTrack, time_s: float) -> F32:
    return track.at(min(time_s, track.duration_s))


def wav_bytes(pcm: Pcm, rate_hz: int) -> bytes:
    """Sound as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm.astype("<i2").tobytes())
    return out.getvalue()
