"""Each backend beside its room's Protocol, for mypy to compare; nothing here runs.

A registry knows its backends by name, which tells mypy nothing. A test has these lists complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..asr.base import Recogniser
    from ..asr.fake import FakeRecogniser
    from ..asr.sensevoice import SenseVoiceRecogniser
    from ..asr.sensevoice_sherpa import SherpaRecogniser
    from ..asr.sphinx import SphinxRecogniser
    from ..display.base import Screen
    from ..display.fake import FakeScreen
    from ..display.off import OffScreen
    from ..display.window import WindowScreen
    from ..encoder.base import Encoder
    from ..encoder.fake import FakeEncoder
    from ..encoder.network import NetworkEncoder
    from ..encoder.neural import HubertEncoder, LamEncoder, Wav2Vec2Encoder
    from ..encoder.phone_encoder import PhoneEncoder
    from ..llm.answers import LocalAnswers
    from ..llm.base import Chat
    from ..llm.fake import FakeChat
    from ..llm.openai_chat import OpenAiChat
    from ..mic.base import Mic
    from ..mic.fake import FakeMic
    from ..mic.reconnecting import AutoMic, CardMic
    from ..mic.silent import SilentMic
    from ..mic.wav_files import FileMic
    from ..motion.base import LipModel
    from ..motion.fake import FakeLips
    from ..motion.lam import LamLips
    from ..motion.onnx_policy import PolicyLips
    from ..motion.visemes import VisemeLips
    from ..render.base import Rasteriser
    from ..render.cpu import CpuRasteriser
    from ..render.fake import FakeRasteriser
    from ..render.gsplat import GsplatRasteriser
    from ..render.reference import ReferenceRasteriser
    from ..speaker.base import Speaker
    from ..speaker.fake import FakeSpeaker
    from ..speaker.null import NullSpeaker
    from ..speaker.reconnecting import AutoSpeaker, CardSpeaker
    from ..tts.base import Voice
    from ..tts.cosyvoice import CosyVoice
    from ..tts.edge import EdgeVoice
    from ..tts.espeak import EspeakVoice
    from ..tts.fake import FakeVoice
    from ..tts.openai_speech import OpenAiVoice
    from ..vad.base import VoiceDetector
    from ..vad.fake import FakeVad
    from ..vad.silero import SileroVad

    CHATS: list[type[Chat]] = [LocalAnswers, OpenAiChat, FakeChat]
    DETECTORS: list[type[VoiceDetector]] = [SileroVad, FakeVad]
    ENCODERS: list[type[Encoder]] = [
        PhoneEncoder, NetworkEncoder, Wav2Vec2Encoder, HubertEncoder, LamEncoder, FakeEncoder
    ]  # fmt: skip
    LIPS: list[type[LipModel]] = [VisemeLips, LamLips, PolicyLips, FakeLips]
    MICS: list[type[Mic]] = [AutoMic, CardMic, FileMic, SilentMic, FakeMic]
    RASTERISERS: list[type[Rasteriser]] = [CpuRasteriser, GsplatRasteriser, ReferenceRasteriser, FakeRasteriser]
    RECOGNISERS: list[type[Recogniser]] = [SphinxRecogniser, SenseVoiceRecogniser, SherpaRecogniser, FakeRecogniser]
    SCREENS: list[type[Screen]] = [WindowScreen, OffScreen, FakeScreen]
    SPEAKERS: list[type[Speaker]] = [AutoSpeaker, CardSpeaker, NullSpeaker, FakeSpeaker]
    VOICES: list[type[Voice]] = [EspeakVoice, EdgeVoice, OpenAiVoice, CosyVoice, FakeVoice]
