"""The real nodes: a prepared answer's sound is there before anybody wants it, and is heard only when somebody does."""

import itertools
from contextlib import suppress

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, VoiceKind
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import EVENT_COMPLETE, Transcript, VoiceActivity
from avatar_ros.ros.listener import Listener
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
TRIES = 60
QUESTION, OTHER = "who made you", "what can you do"


class Person:
    """Asks by transcripts, as vad_node and asr_node would tell of it."""

    def __init__(self, listener, process):
        self.heard, self.wait, self.process = listener.heard, listener.wait, process
        self._send = listener.send
        self._utterances = itertools.count(1000)

    def begin(self, question):
        """All words are there, perhaps not the last ones: the turn that is prepared, once its first sound is there."""
        self.utterance = next(self._utterances)
        known = len(self.heard["speech/audio"])
        self._send("mic/voice_activity", VoiceActivity("local", self.utterance, VoiceKind.STARTED), readers=2)
        for _ in range(TRIES):  # words that overtake the voice's beginning prepare nothing
            self._words(question, final=False, events=(EVENT_COMPLETE,))
            with suppress(TimeoutError):
                self.wait(lambda _: len(self.heard["speech/audio"]) > known, "its sound is made", timeout_s=2.0)
                return self.heard["speech/audio"][-1].turn
        raise AssertionError("nothing is prepared")

    def end(self, question):
        self._send("mic/voice_activity", VoiceActivity("local", self.utterance, VoiceKind.STOPPED), readers=2)
        self._words(question, final=True)

    def cancel(self, clock):
        self._send("interrupt", Interrupt("local", clock.epoch, clock.turn, InterruptAction.CANCEL, "test"), readers=8)

    def _words(self, text, **fields):
        self._send("speech/transcript", Transcript("local", self.utterance, text, confidence=0.97, **fields), readers=4)

    def clocks(self, turn, state):
        return [c for c in self.heard["speech/playback"] if c.turn == turn and c.state is state]

    def hears(self, turn, state=PlaybackState.PLAYING):
        self.wait(lambda _: self.clocks(turn, state), f"turn {turn}: {state.name}")

    def of(self, topic, turn):
        return [m for m in self.heard[topic] if m.turn == turn]

    def next_turn(self, after):
        """The turn after that one whose sound is heard."""

        def later():
            clocks = self.heard["speech/playback"]
            return [c.turn for c in clocks if c.turn > after and c.state is PlaybackState.PLAYING]

        self.wait(lambda _: later(), "another turn is heard")
        return later()[0]


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("state"))
    env = {"XDG_STATE_HOME": home, "HOME": home, "ROS_LOG_DIR": home}
    with (
        Listener("drafts") as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace="drafts", env=env) as process,
    ):
        listener.wait(lambda heard: heard.heard["state"], "the dialogue comes up")
        yield Person(listener, process)


@pytest.fixture
def person(kiosk):
    yield kiosk
    ended = {c.turn for c in kiosk.heard["speech/playback"] if c.state is PlaybackState.ENDED}
    begun = {c.turn for c in kiosk.heard["speech/playback"]}
    for turn in begun - ended:
        kiosk.hears(turn, PlaybackState.ENDED)
    # The dialogue knows of it, too: a voice over an answer that is still heard prepares nothing.
    kiosk.wait(lambda _: kiosk.heard["state"][-1].state not in (AgentState.THINKING, AgentState.SPEAKING), "it is over")


def test_what_is_wanted_is_heard_once_from_sound_that_was_there_before(person):
    turn = person.begin(QUESTION)
    assert not person.clocks(turn, PlaybackState.PLAYING), "nobody hears it yet"
    person.end(QUESTION)
    person.hears(turn)
    person.hears(turn, PlaybackState.ENDED)
    person.wait(lambda _: person.of("speech/draft", turn), "the draft is known here too")
    (draft,), own = person.of("speech/draft", turn), person.of("speech/sentence", turn)
    assert (draft.text, draft.locale, draft.last) == (own[0].text, own[0].locale, own[0].last)
    said = [chunk.text for chunk in person.of("speech/audio", turn) if chunk.text]
    assert said == [sentence.text for sentence in own if sentence.text]
    firsts = [chunk.first_sample for chunk in person.of("speech/audio", turn)]
    assert firsts == sorted(firsts), "one stream, that nothing was added to"


def test_what_is_not_wanted_is_never_heard(person):
    turn = person.begin(QUESTION)
    person.end(OTHER)
    assert person.next_turn(turn - 1) > turn
    assert not person.clocks(turn, PlaybackState.PLAYING)
    cancels = [o for o in person.heard["interrupt"] if o.turn == turn and o.action is InterruptAction.CANCEL]
    assert [order.reason for order in cancels] == ["unheard"]


def test_what_is_heard_falls_silent_when_it_is_cancelled(person):
    turn = person.begin(OTHER)
    person.end(OTHER)
    person.hears(turn)
    person.cancel(person.clocks(turn, PlaybackState.PLAYING)[0])
    person.hears(turn, PlaybackState.ENDED)
    assert not any(chunk.turn_end for chunk in person.of("speech/audio", turn))


def test_whoever_answers_and_speaks_dies_before_it_is_wanted_and_the_question_is_answered_all_the_same(person):
    turn = person.begin(QUESTION)
    killed = [person.process.kill_node(node) for node in ("llm_node", "tts_node")]
    person.wait(lambda _: any(o.turn == turn and o.action is InterruptAction.CANCEL for o in person.heard["interrupt"]),
                "what they had prepared is given up")  # fmt: skip
    person.end(QUESTION)
    later = person.next_turn(turn)
    assert not person.clocks(turn, PlaybackState.PLAYING)
    assert {person.process.node_pid(node) for node in ("llm_node", "tts_node")}.isdisjoint(killed)
    person.hears(later, PlaybackState.ENDED)
    assert person.of("speech/sentence", later)[0].text
