"""Events of docs/conversation.md that come of the user: voice, words so far, words that are final."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dialogue_events import PATIENT, busy, event, finish_reply, hear, partial, queue_question, understood, waits
from dialogue_talk import Talk

from avatar_ros.core.enums import AgentState, VoiceKind
from avatar_ros.core.types import EVENT_COMPLETE, EVENT_LIKELY, EVENT_TOO_QUIET

# --- the user's voice -------------------------------------------------------------------------------------------------

event("voice starts")(Talk.speak)
event("voice starts; `barge_in_style` duck", barge_in_style="duck")(Talk.speak)
event("voice starts; `barge_in` off", barge_in=False)(Talk.speak)


@event("voice stops")
def _(talk: Talk) -> Iterator[None]:
    talk.speak()
    talk.run(0.3)
    yield
    talk.hush()


partial("partial transcript of `partial_words`", "tell me more")
partial("partial transcript of `partial_words`, less sure than `partial_confidence`", "tell me more", confidence=0.5)
partial("partial transcript: a backchannel", "uh-huh")
waits("voice lasts `cancel_after_voice_s`", 1.6, Talk.speak)
waits("no transcript `decide_within_s` after the voice stopped", 0.8, hear)
waits("no transcript `hear_patience_s` after the voice stopped", 5.0, hear)
waits("voice without end for `longest_voice_s`", 25.1, Talk.speak, cancel_after_voice_s=0.0, **PATIENT)


@event("speech without a pause for `longest_talk_s`, in several utterances", longest_talk_s=1.0)
def _(talk: Talk) -> Iterator[None]:
    talk.speak()
    for _ in range(2):
        talk.run(0.6)
        talk.hush()
        talk.speak()
    talk.tell_of(talk.utterance - 2, "tell me more")
    yield
    talk.tell_of(talk.utterance - 1, "and more")


# --- preparing --------------------------------------------------------------------------------------------------------

partial("partial transcript that is a whole question", "tell me more", events=(EVENT_COMPLETE,))
partial("partial transcript that is likely a whole question", "tell me more", events=(EVENT_LIKELY,))


def heard_so_far(talk: Talk, text: str = "tell me") -> None:
    """A voice and a partial transcript of it, of too few words to interrupt."""
    talk.speak()
    talk.words(text, final=False, confidence=0.9)


def prepare(talk: Talk) -> None:
    heard_so_far(talk)
    talk.voice(VoiceKind.PAUSED, talk.utterance)


def after_words(name: str, kind: VoiceKind, ready: Callable[[Talk], None], **settings: Any) -> None:
    @event(name, **settings)
    def _(talk: Talk) -> Iterator[None]:
        ready(talk)
        yield
        talk.voice(kind, talk.utterance)


after_words("voice pauses after words", VoiceKind.PAUSED, heard_so_far)
after_words("voice pauses after words; `speculative_requests_per_minute` 0", VoiceKind.PAUSED, heard_so_far,
            speculative_requests_per_minute=0)  # fmt: skip
after_words("voice pauses after words; `speculative_requests_per_utterance` used up", VoiceKind.PAUSED, heard_so_far,
            speculative_requests_per_utterance=0)  # fmt: skip
after_words("voice goes on after the pause", VoiceKind.RESUMED, prepare)


def once_prepared(name: str, then: Callable[[Talk], None]) -> None:
    @event(name)
    def _(talk: Talk) -> Iterator[None]:
        prepare(talk)
        yield
        then(talk)


def finally_heard(text: str) -> Callable[[Talk], None]:
    def then(talk: Talk) -> None:
        talk.hush()
        talk.words(text)

    return then


once_prepared("partial transcript: more words after the pause", lambda talk: talk.words("tell me more", final=False,
              confidence=0.9))  # fmt: skip
once_prepared("the same words as before the pause, final", finally_heard("Tell me."))
once_prepared("other words than before the pause, final", finally_heard("sell me"))


@event("reply, once an answer is being prepared")
def _(talk: Talk) -> Iterator[None]:
    speaks = talk.state is not AgentState.IDLE and talk.state is not AgentState.LISTENING
    prepare(talk)
    yield
    if not speaks:
        talk.reply("One. Two. ", final=False)
        assert len(talk.sent("speech/sentence", turn=talk.turn)) == 1, "the first sentence, no more"


@event("playback PLAYING, once an answer is being prepared")
def _(talk: Talk) -> Iterator[None]:
    speaks = talk.state is not AgentState.IDLE and talk.state is not AgentState.LISTENING
    prepare(talk)
    yield
    if not speaks:
        talk.play()


# --- final transcripts ------------------------------------------------------------------------------------------------

understood("a question", "tell me more")
understood("a question; `follow_up` replace", "tell me more", follow_up="replace")
understood("a question within `join_within_s` of the one before; `follow_up` join", "tell me more", follow_up="join")
understood("the first question, with a `greeting`", "tell me more", greeting="greeting")
understood('a backchannel ("uh-huh", "yes")', "uh-huh")
understood("one of `stop_phrases`", "be quiet")
understood("nothing understood", "", REJECTED=True)
understood("nothing understood of a voice shorter than `unclear_voice_s`", "", 0.7, REJECTED=True)
understood("nothing understood of a sound no longer than `noise_longest_s`", "", 0.4, REJECTED=True)
understood("nothing understood, time and again (`rejected_in_a_row`)", "", REJECTED=True, rejected_in_a_row=0)
understood("too quiet to be understood, then silence for `quiet_wait_s`", "", 1.2, 2.1,
           REJECTED=True, EVENTS=(EVENT_TOO_QUIET,))  # fmt: skip
understood("more than `too_long_words`", "word " * 151)


@event("one of `stop_phrases`, and a question waits")
def _(talk: Talk) -> Iterator[None]:
    queue_question(talk)
    hear(talk)
    yield
    talk.words("be quiet")


@event("a question that is typed")
def _(talk: Talk) -> None:
    talk.tell_of(0, "tell me more")


@event('"yes" after the avatar has asked something, and the turn ends')
def _(talk: Talk) -> Iterator[None]:
    finish_reply(talk)
    if talk.state is AgentState.SPEAKING:
        talk.play(1, 0.9)
    hear(talk)
    yield
    talk.words("yes")
    if busy(talk) and not talk.sent("dialogue/prompt", text="yes"):
        talk.end()
