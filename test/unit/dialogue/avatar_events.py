"""Events of docs/conversation.md that come of all others: answers, sound, orders, programs, nodes, time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dialogue_events import PATIENT, busy, event, finish_reply, hear, queue_question, seq, waits
from dialogue_talk import EPOCH, Talk

from avatar_ros.core.enums import AgentState, ControlAction, InterruptAction, PlaybackState, SayWhen, SessionKind
from avatar_ros.core.events import Control, Interrupt, SessionEvent, SpeechFault
from avatar_ros.core.peers import PeerChange
from avatar_ros.core.types import Reply, Sentence
from avatar_ros.dialogue.base import PORT, DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage

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


@event("draft (`speech/draft`) of another first sentence")
def _(talk: Talk) -> None:
    talk.tell("speech/draft", Sentence("local", EPOCH, talk.turn, 0, "It is there."))


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


# --- what programs want of the conversation as a whole ----------------------------------------------------------------


def control(talk: Talk, *actions: ControlAction) -> None:
    for action in actions:
        talk.tell("control", Control("local", action, lease_s=30.0))


@event("control FORGET, LISTEN, IGNORE, RELEASE")
def _(talk: Talk) -> None:
    control(talk, ControlAction.FORGET, ControlAction.IGNORE, ControlAction.LISTEN, ControlAction.RELEASE)


@event("control SLEEP, then a question")
def _(talk: Talk) -> None:
    control(talk, ControlAction.SLEEP)
    talk.ask("where is it")


@event("control SLEEP, then WAKE")
def _(talk: Talk) -> None:
    control(talk, ControlAction.SLEEP, ControlAction.WAKE)


@event("control SLEEP, then say QUEUE")
def _(talk: Talk) -> None:
    control(talk, ControlAction.SLEEP)
    talk.say("Hello there.")


@event("control CLAIM, then a question")
def _(talk: Talk) -> Iterator[None]:
    control(talk, ControlAction.CLAIM)
    hear(talk)
    yield
    talk.words("how far is it")


@event("control CLAIM, then RELEASE and a question")
def _(talk: Talk) -> Iterator[None]:
    control(talk, ControlAction.CLAIM, ControlAction.RELEASE)
    hear(talk)
    yield
    talk.words("how far is it")
