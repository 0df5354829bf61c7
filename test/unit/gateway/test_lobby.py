"""Who is let in, who waits, who comes back, what of whom reaches whom."""

import itertools
import json
import struct

import numpy as np
import pytest

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SessionKind
from avatar_ros.core.events import AvatarState, Interrupt, Offer
from avatar_ros.core.types import PlaybackClock, SpeechChunk
from avatar_ros.gateway.base import WebSettings
from avatar_ros.gateway.lobby import Lobby
from avatar_ros.gateway.page_messages import ClockReport, Hello, SpeechChoice, StopButton, TypedText
from avatar_ros.gateway.refusal import RefusalError


class Page:
    """A socket that keeps what it was sent."""

    def __init__(self, address="10.0.0.1"):
        self.address = address
        self.frames = []
        self.closed = None

    def send(self, frame, *, droppable=False):
        assert self.closed is None
        self.frames.append(frame)

    def close(self, code, reason):
        self.closed = code

    def told(self, kind):
        texts = [json.loads(frame) for frame in self.frames if isinstance(frame, str)]
        return [text for text in texts if text["kind"] == kind]

    @property
    def key(self):
        return self.told("session")[-1]["key"]


def lobby(**settings):
    keys = map("{:024x}".format, itertools.count(1))
    made = Lobby(WebSettings(**settings), lambda: next(keys), lambda hello: {"now_s": 0.0}, origin_s=0.0)
    made.accepting = True
    return made


def enter(where, page=None, now_s=0.0, **hello):
    page = page or Page()
    outs = list(where.arrive(page, Hello(**hello), now_s))
    return page, outs


def speak(session, turn=1, first=0, count=960):
    session.take(AvatarState(session.name, 9, turn, AgentState.SPEAKING), 0.0)
    chunk = SpeechChunk(session.name, 9, turn, first_sample=first, pcm=np.full(count, turn, np.int16))
    session.take(chunk, 0.0)


def test_a_page_opens_a_session_of_its_own():
    house = lobby()
    house.speech.take(Offer("dialogue_node", ("en-US", "de-DE")))
    page, outs = enter(house, locale="de-DE")
    (session,) = house.sessions.values()
    assert [(out.topic, out.message.kind, out.message.locale) for out in outs] == [
        ("session", SessionKind.OPENED, "de-DE")
    ]
    assert page.told("session")[0]["resumed"] is False and page.key != session.name
    again = list(session.tick(1.5))
    assert again[0].message.kind is SessionKind.OPENED, "asked for until the dialogue answers"
    speak(session)
    assert not list(session.tick(9.0))


def test_a_full_house_has_a_queue_that_moves():
    house = lobby(conversations=1)
    first, _ = enter(house)
    second, _ = enter(house)
    third, _ = enter(house)
    assert [second.told("queue")[-1]["place"], third.told("queue")[-1]["place"]] == [1, 2]
    list(house.leave(second, 1.0))
    list(house.tick(1.0))
    assert third.told("queue")[-1]["place"] == 1 and not third.told("session")
    session = house.session_of(first)
    outs = list(house.end(session, "left", 2.0))
    assert third.told("session") and first.closed == 1000
    assert [out.message.kind for out in outs if out.topic == "session"] == [SessionKind.CLOSED, SessionKind.OPENED]


def test_nobody_is_let_in_before_the_graph_is_ready():
    house = lobby()
    house.accepting = False
    page, outs = enter(house)
    assert not outs and page.told("queue")[0]["starting"]
    house.accepting = True
    list(house.tick(1.0))
    assert page.told("session")


def test_a_queue_and_an_address_have_their_limits():
    house = lobby(conversations=1, queue_length=1, conversations_per_address=2)
    enter(house, Page("a"))
    enter(house, Page("a"))
    with pytest.raises(RefusalError, match="one address"):
        enter(house, Page("a"))
    with pytest.raises(RefusalError, match="too many people"):
        enter(house, Page("b"))


def test_a_lost_page_comes_back_in_the_middle_of_a_sentence():
    house = lobby()
    page, _ = enter(house)
    session = house.session_of(page)
    speak(session)
    list(session.answer(ClockReport(1, 480, 0.0, PlaybackState.PLAYING), 0.0))
    held = list(house.leave(page, 10.0))
    assert [out.message.state for out in held if out.topic == "speech/playback"] == [PlaybackState.PAUSED]
    seen = session.sent.seq
    speak(session, first=960)
    back, _ = enter(house, now_s=12.0, resume_key=page.key, resume_seq=seen)
    assert house.session_of(back) is session and back.told("session")[0]["resumed"]
    assert len(back.frames) == 3, "what is new, then what was missed: a state and a piece of the voice"
    assert isinstance(back.frames[2], bytes)


def test_whoever_stays_away_too_long_begins_anew():
    house = lobby(resume_s=60.0)
    page, _ = enter(house)
    list(house.leave(page, 10.0))
    assert not [out for out in house.tick(69.0) if out.topic == "session" and out.message.kind is SessionKind.CLOSED]
    outs = list(house.tick(70.0))
    assert [out.message.kind for out in outs if out.topic == "session"] == [SessionKind.CLOSED]
    back, _ = enter(house, now_s=71.0, resume_key=page.key, resume_seq=0)
    assert back.told("session")[0]["resumed"] is False


def test_a_second_window_takes_the_session_over():
    house = lobby()
    page, _ = enter(house)
    second, _ = enter(house, resume_key=page.key, resume_seq=0)
    assert page.closed == 4409 and page.told("bye")[0]["reason"] == "replaced"
    list(house.leave(page, 1.0))
    assert house.session_of(second).visitor is second, "the first one's end is not the session's"


def test_silence_and_the_longest_time_end_a_session():
    house = lobby(idle_s=300.0, longest_s=1000.0)
    page, _ = enter(house)
    session = house.session_of(page)
    list(house.tick(299.0))
    list(session.answer(TypedText("hello"), 299.0))
    list(house.tick(598.0))
    assert page.closed is None
    list(house.tick(600.0))
    assert page.closed == 1000 and page.told("bye")[0]["reason"] == "idle"
    other, _ = enter(house, now_s=0.0)
    for now_s in range(0, 1000, 100):
        list(house.session_of(other).answer(TypedText("x"), now_s))
        list(house.tick(now_s))
    list(house.tick(1000.0))
    assert other.told("bye")[0]["reason"] == "longest"


def test_nothing_of_one_session_reaches_another():
    house = lobby()
    pages = [enter(house)[0] for _ in range(3)]
    sessions = [house.session_of(page) for page in pages]
    before = [len(page.frames) for page in pages]
    speak(sessions[1])
    assert [len(page.frames) - count for page, count in zip(pages, before, strict=True)] == [0, 2, 0]
    outs = list(sessions[2].answer(TypedText("mine"), 1.0))
    assert [out.message.session for out in outs] == [sessions[2].name]
    assert len({page.key for page in pages} | {session.name for session in sessions}) == 6


def test_the_button_cancels_the_newest_turn():
    house = lobby()
    page, _ = enter(house)
    session = house.session_of(page)
    assert not list(session.answer(StopButton(), 0.0))
    speak(session, turn=4)
    (out,) = session.answer(StopButton(), 0.0)
    assert (out.message.epoch, out.message.turn, out.message.action) == (9, 4, InterruptAction.CANCEL)
    session.take(Interrupt(session.name, 9, 4, InterruptAction.CANCEL), 0.0)
    assert page.told("order")[-1] == {"kind": "order", "seq": 3, "turn": 1, "action": "cancel"}


def test_the_microphone_counts_on_when_a_page_begins_anew():
    house = lobby()
    page, _ = enter(house)
    session = house.session_of(page)

    def mic(first):
        import struct

        data = struct.pack("<BBHIIId", 16, 0, 0, 16000, first, 320, float("nan")) + bytes(640)
        (out,) = session.hear(data, 5.0)
        return out.message

    assert [mic(first).first_sample for first in (0, 320, 960, 0, 320)] == [0, 320, 960, 1280, 1600]
    assert mic(640).steady_ns == round(4.98e9)


def test_the_end_of_the_server_is_told_to_everybody():
    house = lobby(conversations=1)
    talking, _ = enter(house)
    waiting, _ = enter(house)
    outs = list(house.close_all("restart", 1012, 1.0))
    assert talking.closed == waiting.closed == 1012
    assert [out.message.kind for out in outs] == [SessionKind.CLOSED] and not house.sessions


@pytest.mark.parametrize("away_s", [1.0, 5.0, 59.0])
def test_however_long_it_was_away_nothing_is_lost_or_said_twice(away_s):
    """The avatar goes on to speak meanwhile, as far as the voice's pacing lets it: 2 s ahead."""
    house = lobby(resume_s=60.0)
    page, _ = enter(house)
    session = house.session_of(page)
    speak(session)
    list(session.answer(ClockReport(1, 480, 0.0, PlaybackState.PLAYING), 0.0))
    seen = session.sent.seq
    list(house.leave(page, 10.0))
    for piece in range(1, 50):
        speak(session, first=960 * piece)
    held = [out.message for step in range(int(away_s * 10)) for out in house.tick(10.0 + step / 10)]
    clocks = [message for message in held if isinstance(message, PlaybackClock)]
    assert {(clock.state, clock.sample) for clock in clocks} <= {(PlaybackState.PAUSED, 480)}
    back, _ = enter(house, now_s=10.0 + away_s, resume_key=page.key, resume_seq=seen)
    assert back.told("session")[0]["resumed"]
    firsts = [struct.unpack_from("<I", frame, 12)[0] for frame in back.frames if isinstance(frame, bytes)]
    assert firsts == [960 * piece for piece in range(1, 50)]


def test_a_person_chooses_language_and_voice():
    house = lobby()
    house.speech.take(Offer("dialogue_node", ("en-US", "de-DE")))
    house.speech.take(Offer("asr_node", ("en",)))
    house.speech.take(Offer("tts_node", (), ("f1",), ("woman 1",), ("",)))
    page, outs = enter(house, locale="sv-SE", voice="f1")
    session = house.session_of(page)
    assert page.told("session")[0]["locale"] == "en-US" and "sv-SE" in page.told("error")[0]["text"]
    assert [(out.message.locale, out.message.voice) for out in outs] == [("en-US", "f1")]
    (event,) = session.answer(SpeechChoice("de-AT", ""), 1.0)
    assert (event.topic, event.message.locale, event.message.voice) == ("session", "de-DE", "f1")
    told = page.told("speech")[-1]
    assert (told["locale"], told["voice"], told["heard"]) == ("de-DE", "f1", False)
    (typed,) = session.answer(TypedText("hallo"), 2.0)
    assert typed.message.locale == "de-DE"
    (event,) = session.answer(SpeechChoice("", "nobody"), 3.0)
    assert event.message.voice == "usual"
