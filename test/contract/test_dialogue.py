"""What every other stage may rely on, whatever the dialogue is told and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.events import Interrupt, Say
from avatar_ros.core.topics import Message
from avatar_ros.core.types import PlaybackClock, Prompt, Reply, Sentence, Transcript, VoiceActivity
from avatar_ros.dialogue.base import PORT, DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from harness import Harness

EPOCH = 3
TEXTS = ("hello", "where is the exit", "uh-huh", "stop", "", "yes", "word " * 200)
ANSWERS = ("Yes. ", "[happy] It is there, ", "Mr. ", "behind you.", "", "[", " 😊")


def random_news(rng: random.Random, turn: int) -> tuple[str, Message]:
    """Anything that may arrive, sensible or not."""
    utterance, near = rng.randrange(6), max(0, turn - rng.randrange(2))
    epoch = rng.choice([EPOCH] * 9 + [EPOCH - 1])
    makers: list[Callable[[], tuple[str, Message]]] = [
        lambda: ("mic/voice_activity", VoiceActivity(utterance=utterance, kind=rng.choice(list(VoiceKind)))),
        lambda: (
            "speech/transcript",
            Transcript(
                utterance=utterance, text=rng.choice(TEXTS), final=rng.random() < 0.7, rejected=rng.random() < 0.2
            ),
        ),
        lambda: (
            "dialogue/reply",
            Reply("local", epoch, near, rng.randrange(5), rng.choice(ANSWERS), rng.random() < 0.3),
        ),
        lambda: (
            "speech/playback",
            PlaybackClock(
                epoch=epoch,
                turn=near,
                state=rng.choice(list(PlaybackState)),
                sentence=rng.randrange(3),
                sentence_progress=rng.random(),
            ),
        ),
        lambda: ("say", Say(id="x", text=rng.choice(ANSWERS), when=rng.choice(list(SayWhen)))),
    ]
    return rng.choice(makers)()


@pytest.fixture(scope="module", params=range(40))
def after_anything(request: pytest.FixtureRequest) -> Harness:
    """A dialogue after a hundred random pieces of news, and then a long silence."""
    rng = random.Random(request.param)
    settings = DialogueSettings(
        follow_up=rng.choice(["queue", "join", "replace"]),
        barge_in=rng.random() < 0.8,
        barge_in_style=rng.choice(["pause", "duck"]),
        greeting=rng.choice(["", "Welcome."]),
        farewell=rng.choice(["", "Goodbye."]),
    )
    run = Harness()
    run.add("dialogue", DialogueStage(settings, lambda: (EPOCH, "")), PORT)
    for _ in range(100):
        turns = [m.turn for topic in ("dialogue/prompt", "speech/sentence") for m in run.sent(topic)]
        run.send(*random_news(rng, max(turns, default=0)))
        run.run(rng.choice([0.0, 0.05, 0.3, 2.0]))
    run.run(400.0)
    return run


def test_it_always_returns_to_idle(after_anything: Harness) -> None:
    assert after_anything.sent("state")[-1].state is AgentState.IDLE


def test_turns_only_grow_and_one_has_the_floor(after_anything: Harness) -> None:
    work: list[Prompt | Sentence] = [
        record.message for record in after_anything.records if record.topic in ("dialogue/prompt", "speech/sentence")
    ]
    numbers = [message.turn for message in work]
    assert numbers == sorted(numbers)
    assert all(message.epoch == EPOCH for message in work)


def test_sentences_are_numbered_without_gaps_and_end_once(after_anything: Harness) -> None:
    by_turn: dict[int, list[Sentence]] = {}
    for sentence in after_anything.sent("speech/sentence"):
        by_turn.setdefault(sentence.turn, []).append(sentence)
    for sentences in by_turn.values():
        assert [sentence.index for sentence in sentences] == list(range(len(sentences)))
        assert not any(sentence.last for sentence in sentences[:-1])


def test_nothing_is_sent_for_what_was_cancelled(after_anything: Harness) -> None:
    void = (0, 0)
    for record in after_anything.records:
        message = record.message
        if record.sender and isinstance(message, Interrupt) and message.action is InterruptAction.CANCEL:
            void = max(void, (message.epoch, message.turn))
        elif isinstance(message, Prompt | Sentence):
            assert (message.epoch, message.turn) > void


def test_whoever_is_held_is_released(after_anything: Harness) -> None:
    held: set[int] = set()
    for order in after_anything.sent("interrupt", epoch=EPOCH):
        if order.action in (InterruptAction.PAUSE, InterruptAction.DUCK):
            held.add(order.turn)
        elif order.action is InterruptAction.RESUME:
            assert order.turn in held
            held.discard(order.turn)
        else:
            held = {turn for turn in held if turn > order.turn}
    # A turn that ended by itself while held needs no release; only the last can.
    ended = after_anything.sent("speech/playback", epoch=EPOCH, state=PlaybackState.ENDED)
    assert held <= {clock.turn for clock in ended}


def test_every_say_gets_one_result(after_anything: Harness) -> None:
    assert len(after_anything.sent("say_result")) == len(after_anything.sent("say"))
