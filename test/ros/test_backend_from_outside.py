"""A voice of one file, outside of this repository: written, checked, chosen in a profile, and heard over DDS."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.types import PlaybackClock, Sentence
from avatar_ros.ros.listener import Listener

pytestmark = pytest.mark.ros
VOICE = '''
"""A voice that hums a tone for each word."""

from dataclasses import dataclass

import numpy as np

from avatar_ros.core.settings import Settings, setting
from avatar_ros.tts.base import Part

RATE_HZ = 24000


@dataclass(frozen=True)
class HumSettings(Settings):
    tone_hz: float = setting(220.0, "height of the tone, Hz", low=50.0, high=2000.0)


class HummingVoice:
    Settings = HumSettings
    blocking = False

    def __init__(self, settings, own):
        self._own = own

    def load(self):
        pass

    def speak(self, text, locale, stop=None):
        for word in text.split():
            t = np.arange(RATE_HZ * 4 // 10) / RATE_HZ
            yield Part((9000 * np.sin(2 * np.pi * self._own.tone_hz * t)).astype(np.int16), RATE_HZ)

    def expect(self):
        pass

    def status(self):
        return {"voice": f"hums at {self._own.tone_hz:g} Hz"}

    def close(self):
        pass
'''
PROFILE = """
/**/tts_node:
  ros__parameters:
    backend: my_pkg.voice:HummingVoice
    fallback: ''
    pause_s: 0.0
    HummingVoice: {tone_hz: 440.0}
    edge.voices: [en=en-GB-SoniaNeural]   # of another backend: it may stand there
"""
CONTRACT = """
from avatar_ros.testing import contracts
from avatar_ros.tts.base import TtsSettings
from my_pkg.voice import HummingVoice
contracts.check_voice(HummingVoice(TtsSettings(), HummingVoice.Settings()))
print("keeps the contract")
"""


@pytest.fixture
def package(tmp_path):
    """The folder that holds my_pkg/voice.py and kiosk.yaml, and the environment in which Python finds it."""
    (tmp_path / "my_pkg").mkdir()
    (tmp_path / "my_pkg" / "voice.py").write_text(VOICE)
    (tmp_path / "kiosk.yaml").write_text(PROFILE)
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    return tmp_path, {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def test_it_keeps_the_contract_and_a_worse_one_does_not(package):
    folder, env = package

    def check():
        return subprocess.run([sys.executable, "-c", CONTRACT], env=env, capture_output=True, text=True, timeout=300)

    done = check()
    assert done.returncode == 0 and "keeps the contract" in done.stdout, done.stderr
    (folder / "my_pkg" / "voice.py").write_text(VOICE.replace("yield Part", "yield len(word) > 5 and Part"))
    assert check().returncode == 1
    (folder / "my_pkg" / "voice.py").write_text(VOICE.replace(".astype(np.int16)", ""))
    assert "AssertionError: pcm must be int16" in check().stderr


def test_it_speaks_in_a_tts_node_with_its_own_parameter(package):
    from rcl_interfaces.srv import GetParameters, ListParameters

    folder, env = package
    arguments = ["--params-file", str(folder / "kiosk.yaml"), "-p", "connect_wait_s:=0.0", "-r", "__ns:=/outside"]
    command = [sys.executable, "-m", "avatar_ros.nodes.tts_node", "--ros-args", *arguments]
    with Listener("outside", topics=("speech/audio",)) as listener, subprocess.Popen(command, env=env) as node:
        try:

            def ask(kind, name, request):
                client = listener.node.create_client(kind, f"/outside/tts_node/{name}")
                listener.wait(lambda _: client.service_is_ready(), f"the service {name}")
                future = client.call_async(request)
                listener.wait(lambda _: future.done(), name)
                return future.result()

            listener.send("speech/sentence", Sentence(turn=1, text="one two", last=True))
            listener.send("speech/playback", PlaybackClock(turn=1, sample=10**6, steady_ns=1))
            listener.wait(lambda x: any(chunk.turn_end for chunk in x.heard["speech/audio"]), "the end of the turn")
            names = ask(ListParameters, "list_parameters", ListParameters.Request()).result.names
            wanted = GetParameters.Request(names=["HummingVoice.tone_hz"])
            value = ask(GetParameters, "get_parameters", wanted).values[0].double_value
        finally:
            node.kill()
    assert value == 440.0 and "HummingVoice.tone_hz" in names
    assert not [name for name in names if name.startswith(("edge.", "espeak."))]
    sound = np.concatenate([chunk.pcm for chunk in listener.heard["speech/audio"]]).astype(float)
    spectrum = np.abs(np.fft.rfft(sound))
    assert abs(np.argmax(spectrum) * 24000 / len(sound) - 440.0) < 5.0
    assert 0.7 * 24000 < len(sound) < 1.1 * 24000
