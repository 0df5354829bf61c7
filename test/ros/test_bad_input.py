"""What people and programs get wrong: one clear line, or a kiosk that goes on."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen
from avatar_ros.core.events import Say
from avatar_ros.core.types import AudioFeatures, AudioFrame, Expression, SpeechChunk
from avatar_ros.ros.listener import Listener
from benchmarks.lib.question_files import speak, write_wav
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
QUIET = ("--mic", "none", "--display", "off")


def no_screen():
    return {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""}


def sound_devices(env):
    """What PortAudio sees in such an environment."""
    code = "import sounddevice; print(len(sounddevice.query_devices()))"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True)
    return int(done.stdout or 0)


def test_no_microphone_no_speaker_no_screen(tmp_path):
    env = {**no_screen(), "PULSE_SERVER": "unix:/nowhere"}
    if sound_devices(env):
        pytest.skip("this machine has a sound card")
    with Listener("bare") as listener, KioskProcess(namespace="bare", env=env) as kiosk:
        listener.wait(lambda heard: heard.heard["state"], "comes up all the same")
        listener.send("say", Say(id="1", text="I am here.", when=SayWhen.QUEUE))
        listener.wait(lambda heard: heard.heard["say_result"], "speaks into the void")
        missing = ("no microphone", "no loudspeaker", "nothing is shown")
        listener.wait(lambda _: all(what in kiosk.log for what in missing), "says what there is not")
        assert kiosk.close() == 0
    assert listener.heard["say_result"][0].done
    for what in missing:
        (line,) = [text for text in kiosk.lines if what in text]
        assert "WARN" in line
    assert "Traceback" not in kiosk.log


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "is empty"), (b"ID3" + b"x" * 400, "is not a WAV file"), (b"RIFF\x04\x00\x00\x00WAVE", "question.wav")],
)
def test_a_sound_file_that_cannot_be_played_ends_the_microphone(tmp_path, content, text):
    path = tmp_path / "question.wav"
    path.write_bytes(content)
    command = [sys.executable, "-m", "avatar_ros.nodes.mic_node", "--ros-args", "-p", "backend:=file"]
    done = subprocess.run([*command, "-p", f"file.files:=[{path}]"], capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert text in done.stderr and str(path) in done.stderr


def test_a_sound_file_that_cannot_be_played_ends_the_run(tmp_path):
    path = tmp_path / "question.wav"
    path.write_bytes(b"ID3" + b"x" * 400)
    with KioskProcess("--mic", path, "--display", "off", namespace="badwav") as kiosk:
        assert kiosk.wait() == 2
    assert "is not a WAV file" in kiosk.lines[-1] and str(path) in kiosk.lines[-1]
    assert "Traceback" not in kiosk.log


def test_an_avatar_that_is_none_ends_the_run(tmp_path):
    path = tmp_path / "head.zip"
    path.write_bytes(b"PK\x03\x04 not really")
    with KioskProcess(*QUIET, "--avatar", path, namespace="badavatar") as kiosk:
        assert kiosk.wait() == 2
    assert str(path) in kiosk.lines[-1] and "Traceback" not in kiosk.log


def test_an_unknown_backend_in_a_profile_ends_the_node(tmp_path):
    profile = tmp_path / "mine.yaml"
    profile.write_text("/**/llm_node:\n  ros__parameters:\n    backend: oracle\n")
    command = [sys.executable, "-m", "avatar_ros.nodes.llm_node", "--ros-args", "--params-file", str(profile)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "unknown llm backend 'oracle'; known: answers" in done.stderr


def test_noise_and_silence_are_not_answered(tmp_path):
    rng = np.random.default_rng(3)
    noise = (rng.normal(0, 400, 24000 * 4)).astype(np.int16)
    path = write_wav(tmp_path / "noise.wav", noise, after_s=2.0)
    with (
        Listener("noise") as listener,
        KioskProcess("--mic", path, "--display", "off", namespace="noise") as kiosk,
    ):
        listener.wait(lambda heard: len(heard.heard["mic/audio"]) > 350, "the noise was heard")
        assert kiosk.close() == 0
    assert not listener.heard["dialogue/prompt"] and not listener.heard["speech/audio"]


def wanted(listener):
    """Prompts whose answers may be heard: those that are not prepared only, or are confirmed."""
    confirmed = {(o.epoch, o.turn) for o in listener.heard["interrupt"] if o.action is InterruptAction.RESUME}
    prompts = listener.heard["dialogue/prompt"]
    return [p for p in prompts if not p.speculative or (p.epoch, p.turn) in confirmed]


def test_two_questions_in_quick_succession_are_both_answered(tmp_path):
    """On a busy machine the recogniser may give up the older one: what was heard is answered."""
    first, second = speak(["how are you", "who made you"])
    pause = np.zeros(int(0.9 * 24000), np.int16)
    path = write_wav(tmp_path / "two.wav", np.concatenate([first, pause, second]), after_s=3.0)
    with (
        Listener("two") as listener,
        KioskProcess("--mic", path, "--display", "off", namespace="two") as kiosk,
    ):
        # Both may be one utterance: vad_node waits longer than the pause where the recogniser is late.
        listener.wait(
            lambda h: any("made" in t.text for t in h.heard["speech/transcript"] if t.final), "the second is understood"
        )
        heard = [t.text for t in listener.heard["speech/transcript"] if t.final and not t.rejected]
        # A prompt may come before its transcript: answers are prepared. Those that are thrown away answer nothing.
        listener.wait(lambda h: [prompt.text for prompt in wanted(h)] == heard, f"{heard} become turns")
        last = wanted(listener)[-1].turn
        listener.wait(
            lambda h: any(c.turn == last and c.state is PlaybackState.ENDED for c in h.heard["speech/playback"]),
            "the second is answered to the end",
        )
        assert kiosk.close() == 0
    assert listener.states()[-1] in (AgentState.LISTENING, AgentState.IDLE)


def test_messages_of_a_wrong_size_rate_or_turn_do_no_harm():
    with (
        Listener("wrong") as listener,
        KioskProcess(*QUIET, namespace="wrong") as kiosk,
    ):
        listener.wait(lambda heard: heard.heard["state"], "comes up")
        epoch = listener.heard["state"][-1].epoch
        pcm = np.full(960, 5000, np.int16)
        send = listener.send
        send("speech/audio", SpeechChunk(epoch=epoch, turn=900, sample_rate_hz=8000, pcm=pcm), readers=2)
        send("speech/audio", SpeechChunk(epoch=epoch - 5, turn=1, pcm=pcm, turn_end=True), readers=2)
        send("motion/features", AudioFeatures(epoch=epoch, turn=900, kind="nonsense", frames=1, dim=1,
                                              data=np.ones(1, np.float32)))  # fmt: skip
        send("motion/features", AudioFeatures(epoch=epoch, turn=900, frames=7, dim=3, data=np.ones(2, np.float32)))
        send("motion/expression", Expression(epoch=epoch - 1, turn=4, weights=np.full(52, np.nan, np.float32)))
        send("mic/audio", AudioFrame(sample_rate_hz=44100, pcm=pcm))
        send("say", Say(id="still", text="I am still here.", when=SayWhen.INTERRUPT))
        listener.wait(lambda h: any(r.id == "still" for r in h.heard["say_result"]), "goes on")
        assert kiosk.close() == 0
    assert next(r for r in listener.heard["say_result"] if r.id == "still").done, kiosk.log
    assert "died" not in kiosk.log
    assert not any(f.turn == 4 and f.speaking for f in listener.heard["frame_info"])
