"""By which way a browser's microphone comes to the server: a real Chromium, the real gateway, no ROS."""

from __future__ import annotations

import shutil
import socket
import subprocess
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import correlate

pytest.importorskip("fastapi", reason="needs the extra web")

from avatar_ros.bringup.turn import TURN_PORT, make_relay
from avatar_ros.core.own_addresses import own_addresses
from avatar_ros.core.rates import LISTENING_RATE_HZ as RATE
from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.spoken_questions import speak, write_wav
from browser import chromium
from gateway_graph import Graph
from page_steps import opened

WAY = "return window.avatarApp.conversation?.uplink?.way"
#: Nobody's address (RFC 5737): what is sent there never comes back.
NOBODY = "turn:198.51.100.1:3478?transport=udp"
SECRET = "the secret that both share"
#: Where one way takes over from the other, instants say what belongs together, not counts, s.
SEAM_S = 0.1
#: A browser's clean-up of a voice is not what is tested here.
RAW = """
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    navigator.mediaDevices.getUserMedia = () => ask({ audio });
"""


@pytest.fixture(scope="module")
def words():
    """At the microphone's rate."""
    resampler = Resampler(24000)
    (pcm,) = speak(["what can you do"])
    return (np.concatenate([resampler.push(pcm), resampler.finish()]) * 0.5).astype(np.int16)


def recording(folder, words, *starts_s, length_s=60.0):
    """A microphone that hears the words at these times, and a little noise."""
    sound = np.random.default_rng(1).normal(0, 3, round(length_s * RATE))
    for start_s in starts_s:
        first = round(start_s * RATE)
        sound[first : first + len(words)] += words
    return write_wav(folder / "microphone.wav", sound.astype(np.int16), RATE, 0.0, 0.0)


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return str(path)


def begin(browser, graph):
    opened(browser, f"http://127.0.0.1:{graph.stage.port}/")
    browser.js(RAW)
    browser.click("#begin")
    browser.until("return window.avatarApp.conversation?.connection.alive")


def line(graph):
    """What the graph has heard, as one line."""
    frames = graph.sent("mic/audio")
    if not frames:
        return np.zeros(1)
    out = np.zeros(frames[-1].first_sample + len(frames[-1].pcm))
    for frame in frames:
        out[frame.first_sample : frame.first_sample + len(frame.pcm)] = frame.pcm
    return out


def heard(graph, words):
    """How alike the words and what was heard are, each time that they were heard, 0-1."""
    sound = line(graph)
    if len(sound) < len(words):
        return []
    wanted, power = words.astype(float), np.concatenate([[0.0], np.cumsum(sound**2)])
    window = power[len(words) :] - power[: -len(words)]
    alike = correlate(sound, wanted, "valid", "fft") / np.sqrt(window * np.sum(wanted**2) + 1e9)
    found = []
    while alike.max() > 0.6:
        at = int(np.argmax(alike))
        found.append((at, float(alike[at])))
        alike[max(0, at - len(words)) : at + len(words)] = 0
    return [like for _, like in sorted(found)]


def mic_of(graph):
    return [session["mic"] for session in graph.stage.view.sessions]


def longest_gap_s(graph):
    """Of the line since its first second, in which a browser opens its devices. Nothing is in it twice."""
    frames = [frame for frame in graph.sent("mic/audio") if frame.first_sample > RATE]
    gaps = [after.first_sample - before.first_sample - len(before.pcm) for before, after in pairwise(frames)]
    assert min(gaps) >= 0
    return max(gaps) / RATE


def need_address():
    pytest.importorskip("aiortc", reason="needs the extra webrtc")
    if not own_addresses():
        pytest.skip("this machine has no address but loopback, which WebRTC does not use")


def test_words_come_by_webrtc_and_where_it_fails_by_the_socket_none_lost(words, tmp_path):
    need_address()
    microphone = recording(tmp_path, words, 4.0, 6.5)
    with Graph() as graph, chromium(microphone=microphone) as browser:
        begin(browser, graph)
        browser.wait(lambda: mic_of(graph) == ["webrtc"])
        assert 'avatar_microphones{way="webrtc"} 1' in metrics(graph)
        browser.until(f"{WAY} === 'webrtc'")
        browser.wait(lambda: heard(graph, words))
        assert mic_of(graph) == ["webrtc"] and heard(graph, words)[0] > 0.85
        browser.js("window.avatarApp.conversation.uplink.rtc.peer.getSenders()[0].replaceTrack(null)")  # nothing comes
        browser.wait(lambda: mic_of(graph) == ["opus"])
        browser.wait(lambda: len(heard(graph, words)) >= 2)
        assert heard(graph, words)[1] > 0.85 and longest_gap_s(graph) < SEAM_S


def test_where_nothing_connects_the_socket_goes_on_without_a_word_lost(words, tmp_path, secret_file):
    need_address()
    relay = {"turn_only": True, "turn_urls": (NOBODY,), "turn_secret_file": secret_file}
    microphone = recording(tmp_path, words, 2.5)
    with Graph(**relay) as graph, chromium(microphone=microphone) as browser:
        begin(browser, graph)
        browser.until("return window.avatarApp.conversation?.uplink?.rtc")
        browser.until("return window.avatarApp.conversation.uplink.rtc === null")
        browser.wait(lambda: heard(graph, words))
        assert heard(graph, words)[0] > 0.85 and longest_gap_s(graph) == 0
        assert mic_of(graph) == ["opus"] and browser.js(WAY) == "opus"
        assert browser.js("return document.querySelector('#notice').hidden"), "nobody is bothered with it"


def metrics(graph):
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{graph.stage.port}/metrics") as answer:
        return answer.read().decode()


@pytest.fixture
def relay(tmp_path):
    """(coturn as `./avatar web --turn` runs it, what makes one for the settings)."""
    need_address()
    if shutil.which("turnserver") is None:
        pytest.skip("coturn is not installed (apt install coturn)")
    made = make_relay(tmp_path, "127.0.0.1", own_addresses(), everywhere=False, name="test")
    if not is_free(TURN_PORT):
        pytest.skip(f"another relay listens on port {TURN_PORT}")
    process = subprocess.Popen(made.process.command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    yield made, process
    process.kill()
    process.wait()


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_relay_brings_it_where_nothing_else_does_and_its_death_costs_no_word(words, tmp_path, relay):
    made, process = relay
    assert made.secret_file.stat().st_mode & 0o777 == 0o600
    settings = {"turn_only": True, "turn_urls": made.urls, "turn_secret_file": str(made.secret_file)}
    microphone = recording(tmp_path, words, 4.5)
    with Graph(**settings) as graph, chromium(microphone=microphone) as browser:
        begin(browser, graph)
        browser.wait(lambda: mic_of(graph) == ["webrtc"])
        pair = browser.promise("""
            const stats = await window.avatarApp.conversation.uplink.rtc.peer.getStats();
            const all = [...stats.values()];
            const pair = all.find((one) => one.type === 'candidate-pair' && one.nominated);
            return all.find((one) => one.id === pair.localCandidateId).candidateType;
        """)
        assert pair == "relay"
        process.kill()
        browser.wait(lambda: mic_of(graph) == ["opus"])
        browser.wait(lambda: heard(graph, words))
        assert heard(graph, words)[0] > 0.85 and longest_gap_s(graph) < SEAM_S
