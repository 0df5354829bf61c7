"""docs/conversation.md against the dialogue: each event in each state does what its cell says; none is left out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from dialogue_talk import EPOCH, Talk

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen, SessionKind, VoiceKind
from avatar_ros.core.events import Interrupt, SessionEvent, SpeechFault
from avatar_ros.core.peers import PeerChange
from avatar_ros.core.types import EVENT_COMPLETE, EVENT_LIKELY, EVENT_TOO_QUIET, Reply
from avatar_ros.dialogue.base import PORT, DialogueSettings
from avatar_ros.dialogue.conversation import WAITS_FOR, Event
from avatar_ros.dialogue.stage import DialogueStage

PAGE = Path(__file__).resolve().parents[3] / "docs" / "conversation.md"
STATES = [state.name for state in AgentState]
FIXED = ("apology", "farewell", "greeting", "missed", "too_long", "too_quiet", "too_slow")
#: Fixed texts are spoken as their own names; these are only spoken in the rows that are about them.
TEXTS = {name: name for name in FIXED} | {"greeting": "", "farewell": ""}
PATIENT = {"think_patience_s": 300.0, "speak_patience_s": 300.0}


@dataclass(frozen=True)
class Row:
    """`play` prepares up to its `yield`, if it has one; what comes after it is the event."""

    play: Callable[[Talk], Iterator[None] | None]
    settings: dict[str, Any]


ROWS: dict[str, Row] = {}


def event(name: str, **settings: Any) -> Callable[[Callable[[Talk], Any]], None]:
    def keep(play: Callable[[Talk], Any]) -> None:
        assert name not in ROWS
        ROWS[name] = Row(play, settings)

    return keep


# --- the states -------------------------------------------------------------------------------------------------------


def enter(state: str, settings: dict[str, Any]) -> Talk:
    talk = Talk(**{**TEXTS, **settings})
    if state != "IDLE":
        talk.ask("where is it")
    if state in ("LISTENING", "SPEAKING"):
        talk.reply("It is here. Shall I go on? ", final=False)
        talk.play(0, 0.1)
    if state == "LISTENING":
        talk.reply("", 1)
        talk.end()
    assert talk.state.name == state
    return talk


def busy(talk: Talk) -> bool:
    return talk.state in (AgentState.THINKING, AgentState.SPEAKING)


def seq(talk: Talk) -> int:
    """Number of the reply's next piece."""
    return 1 if talk.state is AgentState.SPEAKING else 0


def finish_reply(talk: Talk) -> None:
    """The LLM has written all that it will: two sentences in either state."""
    if talk.state is AgentState.THINKING:
        talk.reply("It is here. Shall I go on?")
    elif talk.state is AgentState.SPEAKING:
        talk.reply("", 1)


def hear(talk: Talk, voice_s: float = 1.0) -> None:
    """The user speaks and stops."""
    talk.speak()
    talk.run(voice_s)
    talk.hush()
    talk.run(0.1)


def understood(name: str, text: str, voice_s: float = 1.0, then_s: float = 0.0, **options: Any) -> None:
    """A row: a final transcript of a voice. Options in capitals are the transcript's."""
    transcript = {key.lower(): value for key, value in options.items() if key.isupper()}

    @event(name, **{key: value for key, value in options.items() if key.islower()})
    def _(talk: Talk) -> Iterator[None]:
        hear(talk, voice_s)
        yield
        talk.words(text, **transcript)
        talk.run(then_s)


def partial(name: str, text: str, **transcript: Any) -> None:
    @event(name)
    def _(talk: Talk) -> Iterator[None]:
        talk.speak()
        yield
        talk.words(text, final=False, **{"confidence": 0.9, **transcript})


def waits(name: str, seconds: float, prepare: Callable[[Talk], None] = lambda talk: None, **settings: Any) -> None:
    """A row: nothing happens for so long."""

    @event(name, **settings)
    def _(talk: Talk) -> Iterator[None]:
        prepare(talk)
        yield
        talk.run(seconds)


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


# --- the answer -------------------------------------------------------------------------------------------------------


@event("reply: whole sentences")
def _(talk: Talk) -> None:
    talk.reply("One. Two. ", seq(talk), final=False)


@event("reply: the last piece")
def _(talk: Talk) -> None:
    talk.reply("One.", seq(talk))


@event("reply: the end, and no words with it")
def _(talk: Talk) -> None:
    talk.reply("", seq(talk))


@event("reply: the end, in mid-sentence (a gap in `seq`)")
def _(talk: Talk) -> Iterator[None]:
    begun = seq(talk)
    talk.reply("Half a", begun, final=False)
    yield
    talk.reply("", begun + 2)


@event("reply to another turn")
def _(talk: Talk) -> None:
    talk.reply("One.", seq(talk), turn=talk.turn + 1)
    talk.tell("dialogue/reply", Reply("local", EPOCH - 1, talk.turn, seq(talk), "One.", True))


waits("no reply for `think_patience_s`", 20.1, speak_patience_s=300.0)

# --- the sound --------------------------------------------------------------------------------------------------------


def played(state: PlaybackState) -> None:
    @event(f"playback {state.name}")
    def _(talk: Talk) -> Iterator[None]:
        finish_reply(talk)
        yield
        talk.end() if state is PlaybackState.ENDED else talk.play(0, 0.1, state)


for _state in PlaybackState:
    played(_state)


@event("playback PLAYING though the turn was paused for the voice")
def _(talk: Talk) -> Iterator[None]:
    finish_reply(talk)
    talk.speak()
    talk.run(0.6)
    yield
    talk.play()


def queue_question(talk: Talk) -> None:
    """A question waits for the end of the turn."""
    if talk.state is AgentState.THINKING:
        talk.tell_of(0, "tell me more")
    elif talk.state is AgentState.SPEAKING:
        finish_reply(talk)
        talk.play(1, 0.9)
        hear(talk)
        talk.words("yes")


@event("playback ENDED, and a question waits")
def _(talk: Talk) -> Iterator[None]:
    queue_question(talk)
    if talk.state is AgentState.THINKING:
        finish_reply(talk)
    yield
    talk.end()


@event("playback ENDED before the end")
def _(talk: Talk) -> Iterator[None]:
    finish_reply(talk)
    yield
    talk.play(0, 0.3, PlaybackState.ENDED)


@event("playback ENDED, but for a sentence with a speech fault")
def _(talk: Talk) -> Iterator[None]:
    finish_reply(talk)
    yield
    talk.tell("speech/fault", SpeechFault("local", EPOCH, talk.turn, 1, 0.0, "voice_failed"))
    talk.play(0, 1.0, PlaybackState.ENDED)


waits("no sound for `speak_patience_s`", 10.1, finish_reply)

# --- orders and words of other programs -------------------------------------------------------------------------------


def order(talk: Talk, action: InterruptAction, turn: int) -> None:
    talk.tell("interrupt", Interrupt("local", EPOCH, turn, action, "test"))


@event("interrupt CANCEL")
def _(talk: Talk) -> None:
    order(talk, InterruptAction.CANCEL, talk.turn)


@event("interrupt CANCEL, and a question waits")
def _(talk: Talk) -> Iterator[None]:
    queue_question(talk)
    yield
    order(talk, InterruptAction.CANCEL, talk.turn)


@event("interrupt CANCEL of an older turn")
def _(talk: Talk) -> None:
    order(talk, InterruptAction.CANCEL, max(0, talk.turn - 1))


@event("interrupt DUCK, PAUSE, RESUME, REPEAT")
def _(talk: Talk) -> None:
    for action in set(InterruptAction) - {InterruptAction.CANCEL}:
        order(talk, action, talk.turn)


def says(name: str, *whens: SayWhen, text: str = "Words of a program.", **settings: Any) -> None:
    @event(name, **settings)
    def _(talk: Talk) -> None:
        for when in whens:
            talk.say(text, when, id=str(when.known))


says("say QUEUE", SayWhen.QUEUE)
says("say NOW", SayWhen.NOW)
says("say INTERRUPT", SayWhen.INTERRUPT)
says("say QUEUE, then WITHDRAW", SayWhen.QUEUE, SayWhen.WITHDRAW)
says("say QUEUE, then STOP", SayWhen.QUEUE, SayWhen.STOP)
says("say QUEUE, then INTERRUPT", SayWhen.QUEUE, SayWhen.INTERRUPT)
says("say WITHDRAW of an unknown id", SayWhen.WITHDRAW)
says("say of more than `say_characters`", SayWhen.QUEUE, text="word " * 4001)
says("say without a letter", SayWhen.QUEUE, text="…!")
says("say of an unknown `when`", SayWhen(77))


@event("say NOW, and the sentence at hand ends")
def _(talk: Talk) -> None:
    talk.say("Words of a program.", SayWhen.NOW)
    talk.play(0, 1.0)


@event("say INTERRUPT is spoken to its end")
def _(talk: Talk) -> Iterator[None]:
    talk.say("Words of a program.", SayWhen.INTERRUPT)
    talk.play()
    yield
    talk.end()


@event("say INTERRUPT is spoken to its end, and a question waits")
def _(talk: Talk) -> Iterator[None]:
    queue_question(talk)
    talk.say("Words of a program.", SayWhen.INTERRUPT)
    talk.play()
    yield
    talk.end()


@event("one say more than `say_limit`", say_limit=1)
def _(talk: Talk) -> Iterator[None]:
    for text in "ab":
        talk.say(text)
    yield
    talk.say("c")


# --- nodes ------------------------------------------------------------------------------------------------------------


@event("`tts_node`, `speaker_node` or `llm_node` falls silent and is back")
def _(talk: Talk) -> None:
    for node in ("tts_node", "speaker_node", "llm_node"):
        talk.peer(node, PeerChange.LOST)
        talk.run(0.3)
        talk.peer(node, PeerChange.BACK)


def restarted(talk: Talk, node: str) -> None:
    talk.peer(node, PeerChange.LOST)
    talk.peer(node, PeerChange.RESTARTED)
    talk.run(0.1)


@event("`tts_node` was restarted, and the sound it had sent is over")
def _(talk: Talk) -> Iterator[None]:
    speaking = talk.state is AgentState.SPEAKING
    if not speaking:
        finish_reply(talk)
    yield
    restarted(talk, "tts_node")
    if speaking:
        assert not talk.orders, "what it had sent is heard first"
        talk.play(0, 0.5, PlaybackState.STARVED)
        talk.run(0.1)


@event("`speaker_node` was restarted")
def _(talk: Talk) -> Iterator[None]:
    if talk.state is AgentState.THINKING:
        finish_reply(talk)
    yield
    restarted(talk, "speaker_node")


@event("`llm_node` was restarted")
def _(talk: Talk) -> None:
    restarted(talk, "llm_node")


def silent(node: str, prepare: Callable[[Talk], None] = lambda talk: None) -> None:
    @event(f"`{node}` is silent for `peer_patience_s`")
    def _(talk: Talk) -> Iterator[None]:
        prepare(talk)
        yield
        talk.peer(node, PeerChange.LOST)
        talk.run(8.1)


silent("tts_node", finish_reply)
silent("speaker_node", finish_reply)
silent("llm_node")


@event("`asr_node` was restarted while a transcript was awaited")
def _(talk: Talk) -> Iterator[None]:
    hear(talk, 0.5)
    yield
    restarted(talk, "asr_node")


@event("`vad_node` was restarted while the user spoke, who says no more")
def _(talk: Talk) -> Iterator[None]:
    talk.speak()
    talk.run(0.5)
    yield
    restarted(talk, "vad_node")
    talk.run(1.0)


# --- time and sessions ------------------------------------------------------------------------------------------------

waits("nothing happens for `idle_after_s`", 30.1, **PATIENT)
waits("nothing happens for `idle_after_s`; with a `farewell`", 30.1, farewell="farewell", **PATIENT)
waits("`greet_delay_s` after the start; `greet_when` start", 3.1, greet_when="start", greeting="greeting")


@event("the farewell is spoken to its end", farewell="farewell")
def _(talk: Talk) -> Iterator[None]:
    finish_reply(talk)
    talk.end()
    talk.run(30.1)
    talk.play()
    yield
    talk.end()


@event("the session is closed while a `say` waits")
def _(talk: Talk) -> Iterator[None]:
    if busy(talk):
        talk.say("Words of a program.")
    yield
    stage = runner(talk).stage
    talk._give(runner(talk), stage.session(SessionEvent(kind=SessionKind.CLOSED), talk.now_s))


@event("the dialogue is shut down")
def _(talk: Talk) -> None:
    talk._give(runner(talk), runner(talk).stage.deactivate(talk.now_s))


@event("the dialogue died and is started again")
def _(talk: Talk) -> None:
    talk.remove("dialogue")
    talk.add("dialogue", DialogueStage(DialogueSettings(), lambda: (EPOCH + 1, "")), PORT)
    talk.run(0.0)


def runner(talk: Talk) -> Any:
    return talk._runners["dialogue"]


# --- the page ---------------------------------------------------------------------------------------------------------


def cells() -> dict[str, dict[str, str]]:
    """Event -> state -> cell, of all tables of the page whose columns are the states."""
    found: dict[str, dict[str, str]] = {}
    inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        columns = [column.strip() for column in line.strip("|").split("|")]
        if columns == ["event", *STATES]:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not re.fullmatch(r"[|-]+", line):
            name, *row = columns
            assert name not in found and len(row) == len(STATES), line
            found[name] = dict(zip(STATES, row, strict=True))
    return found


def in_words(message: Any) -> str:
    kind = type(message).__name__
    if kind == "Prompt":
        if message.speculative:
            return "prepare"
        both = "where is it" in message.text and "tell me more" in message.text
        return "prompt of both" if both else "prompt"
    if kind == "Sentence":
        return f"say {message.text}" if message.text in FIXED else "sentences" if message.text else "empty sentence"
    if kind == "Interrupt":
        return f"{message.action.name} {message.reason}"
    if kind == "SayResult":
        return "result done" if message.done else f"result {message.reason}"
    return f"session {message.kind.name}"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ROWS)
def test_the_dialogue_does_what_the_page_says(name: str, state: str) -> None:
    talk = enter(state, ROWS[name].settings)
    done: list[str] = []
    play = ROWS[name].play
    steps = play(talk) if inspect.isgeneratorfunction(play) else None
    if steps is not None:
        next(steps)
    before = len(talk.records)
    if steps is not None:
        assert next(steps, None) is None
    else:
        play(talk)
    for record in talk.records[before:]:
        if record.sender and record.topic != "state" and (word := in_words(record.message)) not in done[-1:]:
            done.append(word)
    after = "" if talk.state.name == state else f"→ {talk.state.name}"
    assert cells()[name][state] == (" ".join([", ".join(done), after]).strip() or "·"), talk.story()


def test_every_event_stands_in_the_page_and_no_other() -> None:
    assert set(cells()) == set(ROWS)


def test_every_limit_of_time_and_every_choice_stands_in_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    unnamed = {"session", "locale", "epoch_file", "forget_when_idle", "history_messages", "history_characters"}
    unnamed |= {"ignore_noise", "backchannels", "quiet_voice_s", *FIXED}
    unnamed |= {"first_clause_characters", "clause_characters", "sentence_characters"}  # how text is cut
    missing = {setting.name for setting in fields(DialogueSettings) if f"`{setting.name}`" not in text}
    assert missing <= unnamed, missing - unnamed


def test_every_message_and_every_value_of_it_is_an_event_of_the_page() -> None:
    seen: set[Any] = set()
    nodes: set[str] = set()

    class Listening(Talk):
        def send(self, topic: str, message: Any, after_s: float = 0.0) -> None:
            values = (getattr(message, field.name) for field in fields(message))
            seen.update({type(message), *(value for value in values if isinstance(value, kinds))})
            super().send(topic, message, after_s)

        def peer(self, node: str, change: PeerChange) -> None:
            nodes.add(node)
            seen.add(change)
            super().peer(node, change)

    kinds = (VoiceKind, PlaybackState, SayWhen, InterruptAction)
    for row in ROWS.values():
        talk = Listening(**{**TEXTS, **row.settings})
        talk.ask("where is it")
        for _ in row.play(talk) or ():
            pass
    assert seen >= {*Event.__args__, Interrupt, *PeerChange, *(value for kind in kinds for value in kind)}
    assert nodes == WAITS_FOR
