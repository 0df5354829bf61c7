"""The page's ear in a real browser: what its microphone gives comes to the server whole."""

from __future__ import annotations

import base64

import numpy as np
from scipy.signal import correlate

from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.spoken_questions import write_wav
from browser import chromium
from page_steps import opened, says_nothing_more

#: What the browser's microphone gives, beside the page's own ear and in the same context: a machine that is busy makes
#: gaps in Chromium's fake microphone, which are in both. The clean-up of a voice is not what is tested here.
TAPPED = """
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    navigator.mediaDevices.getUserMedia = () => ask({ audio });
    const make = AudioContext.prototype.createMediaStreamSource;
    const tapped = window.tapped = { rate: 0, pieces: [] };
    AudioContext.prototype.createMediaStreamSource = function (stream) {
        const source = make.call(this, stream);
        this.audioWorklet.addModule('/test/tap.js').then(() => {
            const tap = new AudioWorkletNode(this, 'tap', { numberOfOutputs: 0, channelCount: 1 });
            tap.port.onmessage = ({ data }) => tapped.pieces.push(data);
            tapped.rate = this.sampleRate;
            source.connect(tap);
        });
        return source;
    };
"""
#: [rate, base64 of all of it].
TAPPED_SOUND = """
    const { rate, pieces } = window.tapped;
    const url = await new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(new Blob(pieces));
    });
    return [rate, url.slice(url.indexOf(',') + 1)];
"""
MIC_COUNT = "return window.avatarApp.conversation.microphone.count"


def test_what_the_microphone_hears_comes_whole(server, tmp_path):
    rng = np.random.default_rng(2)
    chirp = 8000 * np.sin(np.cumsum(0.02 + 0.2 * rng.random(16000)))
    tone = np.concatenate([np.zeros(8 * 16000), chirp, np.zeros(16000)])
    write_wav(tmp_path / "question.wav", tone.astype("<i2"), 16000, 0.0, 0.0)
    server.mic.clear()
    with chromium(microphone=tmp_path / "question.wav") as browser:
        opened(browser, server.url)
        browser.js(TAPPED)
        browser.click("#begin")
        browser.wait(lambda: server.mic and server.mic[-1][0] > 9.7 * 16000, 120)
        firsts = [first for first, _, _ in server.mic]
        assert np.all(np.diff(firsts) == 320), "every 20 ms are there"
        assert all(np.isfinite(at_s) for _, at_s, _ in server.mic[-100:])
        heard = np.concatenate([pcm for _, _, pcm in server.mic]).astype(float)
        given = at_16_khz(*browser.promise(TAPPED_SOUND))
        pieces = chirp.reshape(10, 1600)
        assert max(likeness(given, piece) for piece in pieces) > 0.95, "it is the file that the microphone gives"
        loud = np.flatnonzero(np.abs(given) > 1000)
        assert likeness(heard, given[loud[0] : loud[-1] + 1]) > 0.99
        browser.click("#mic")
        browser.wait(lambda: says_nothing_more(server))
        until = browser.js(MIC_COUNT) + 16000
        browser.until(f"{MIC_COUNT} > arguments[0]", until)
        count = len(server.mic)
        browser.click("#mic")
        browser.wait(lambda: len(server.mic) > count + 5)
        assert max(np.diff([first for first, _, _ in server.mic])) > 16000, "a gap of the time that it was muted"


def at_16_khz(rate_hz, text):
    resampler = Resampler(round(rate_hz))
    return np.concatenate([resampler.push(np.frombuffer(base64.b64decode(text), "<i2")), resampler.finish()])


def likeness(sound, part):
    """Correlation with the stretch of `sound` that is most like `part`."""
    place = int(np.argmax(correlate(sound, part, "valid", method="fft")))
    return np.corrcoef(sound[place : place + len(part)], part)[0, 1]
