"""The product's own echo canceller for a page: a room's echo and a person, through the page's session, in its time."""

import numpy as np
import pytest

pytest.importorskip("livekit", reason="needs the extra aec")

from scipy.signal import fftconvolve, resample_poly

from avatar_ros.core.enums import AgentState, PlaybackState
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import AudioFrame, SpeechChunk
from avatar_ros.gateway.page_echo import make_page_echo
from avatar_ros.gateway.page_frames import mic
from avatar_ros.gateway.page_messages import ClockReport, MicNote
from avatar_ros.gateway.page_session import PageSession
from avatar_ros.testing.spoken_questions import speak

RATE, VOICE_HZ, PIECE = 16000, 24000, 320
STORY = "The house by the sea was built by a captain, who had seen every harbour of the north. "
#: When the page begins to play, and the person to talk, s of the session; the way to the server, s.
PLAYED_S, TALKED_S, TRIP_S = 1.0, 13.0, 0.015


def at_16k(pcm):
    return resample_poly(pcm.astype(float), 2, 3)


@pytest.fixture(scope="module")
def sounds():
    """(the avatar's voice at its rate, its echo in a room, a person), the latter two at the microphone's rate."""
    voice = np.concatenate(speak([STORY * 5]))[: 14 * VOICE_HZ]
    random = np.random.default_rng(5)
    room = random.normal(0, 1, RATE // 4) * np.exp(-np.arange(RATE // 4) / (0.05 * RATE))
    room[: RATE // 200] = 0
    room *= 0.25 / np.sqrt(np.sum(room**2))
    echo = np.zeros(15 * RATE)
    heard = fftconvolve(at_16k(voice), room)[: 14 * RATE]
    echo[round(PLAYED_S * RATE) :][: len(heard)] = heard
    person = np.zeros(15 * RATE)
    words = at_16k(speak(["what can you do"])[0]) * 0.5
    person[round(TALKED_S * RATE) :][: len(words)] = words
    return voice, echo + random.normal(0, 3, len(echo)), person


def talk(voice, heard, echo, *, told=True):
    """What the graph hears of a page that plays the voice, on one line."""
    session = PageSession("web_1", "key", "10.0.0.1", "en-US", 0.0, 0.0)
    session.make_echo = lambda there: make_page_echo(echo, cancelled_there=there)
    list(session.answer(MicNote(not told), 0.0))
    session.take(AvatarState("web_1", 5, 1, AgentState.SPEAKING), 0.5)
    for first in range(0, len(voice), 2400):
        session.take(SpeechChunk("web_1", 5, 1, 0, first, VOICE_HZ, voice[first : first + 2400]), 0.6)
    line, outs = np.zeros(len(heard)), []
    for k in range(len(heard) // PIECE):
        now_s = (k + 1) * PIECE / RATE + TRIP_S
        if k % 2 == 0 and now_s > PLAYED_S:
            sample = round((now_s - TRIP_S - PLAYED_S) * VOICE_HZ)
            state = PlaybackState.PLAYING if sample < len(voice) else PlaybackState.ENDED
            outs += session.answer(ClockReport(1, min(sample, len(voice)), now_s - TRIP_S, state), now_s)
        piece = np.clip(heard[k * PIECE : (k + 1) * PIECE], -32768, 32767).astype(np.int16)
        outs += session.hear(mic(k * PIECE, k * PIECE / RATE, piece), now_s)
    for out in outs:
        if out.topic == "mic/audio" and isinstance(out.message, AudioFrame):
            first = out.message.first_sample
            line[first : first + len(out.message.pcm)] = out.message.pcm
    return line


def power_db(sound, from_s, to_s):
    return 10 * np.log10(np.mean(sound[round(from_s * RATE) : round(to_s * RATE)] ** 2) + 1)


def test_the_avatars_voice_is_taken_out_and_the_persons_left(sounds):
    voice, echo, person = sounds
    heard = talk(voice, echo + person, "auto")
    taken_db = power_db(echo, 9, 12.5) - power_db(heard, 9, 12.5)
    print(f"echo return loss enhancement: {taken_db:.1f} dB")
    assert taken_db > 25
    words = slice(round(TALKED_S * RATE), round((TALKED_S + 0.9) * RATE))
    assert np.corrcoef(heard[words], person[words])[0, 1] > 0.85, "the person is heard over it"
    assert power_db(person, TALKED_S, TALKED_S + 0.9) - power_db(heard, TALKED_S, TALKED_S + 0.9) < 6


@pytest.mark.parametrize(("echo", "told"), [("off", True), ("auto", False)])
def test_where_it_is_off_or_the_browser_does_it_nothing_is_touched(sounds, echo, told):
    voice, heard, _ = sounds
    short = heard[: 2 * RATE]
    assert np.array_equal(talk(voice, short, echo, told=told), np.trunc(short))


def test_it_takes_away_no_sound_and_moves_none(sounds):
    _, _, person = sounds
    silent = np.zeros(VOICE_HZ, np.int16)
    got = talk(silent, person[: 14 * RATE], "webrtc")
    words = slice(round(TALKED_S * RATE), round((TALKED_S + 0.9) * RATE))
    assert np.array_equal(got[words], np.trunc(person)[words]), "nothing was played: it is left as it is"
