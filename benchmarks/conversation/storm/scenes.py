"""What is asked of the avatar in one scene of the storm, and what is done to it meanwhile: seeded, pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

#: Kinds of goals, and how often each comes.
KINDS = {
    "say": 10, "listen": 3, "ask": 4, "look_at": 4, "gesture": 4, "wear": 2, "chat": 3,
    "express": 3, "stop": 2, "forget": 2, "set_listening": 2, "sleep": 2,
}  # fmt: skip
#: Nodes that die, and how often each does.
MORTAL_NODES = {
    "skills_node": 3, "dialogue_node": 3, "tts_node": 2, "speaker_node": 2, "expression_node": 3, "renderer_node": 1,
    "llm_node": 1, "audio_encoder_node": 1,
}  # fmt: skip
#: A node that dies oftener within a minute is given up by the runner after five deaths.
MOST_DEATHS, MINUTE_S = 3, 60.0
AVATARS = ("bolt", "ben", "grace", "ada")
#: Faces, and a shape that tells each.
FACES = {"happy": "mouthSmileLeft", "surprised": "browInnerUp", "sad": "mouthFrownLeft"}
CHOICES = ("tea|green tea", "coffee", "nothing")
QUESTIONS = ("how are you", "what is your name", "what can you do")
#: What the client that is killed may have going on.
_OF_THE_MORTAL = ("say", "listen", "look_at")
_SPAN_S = 3.0


@dataclass(frozen=True)
class Goal:
    """One goal, or service. at_s, cancel_s: since the scene began; refused: the reason that it must be given; answer:
    what a person says once it is waited for; mortal: of the client that will be killed.
    """

    number: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    at_s: float = 0.0
    cancel_s: float | None = None
    refused: str = ""
    answer: str = ""
    mortal: bool = False


@dataclass(frozen=True)
class Scene:
    """kill: node and when it dies; client_dies_s: when the mortal client does."""

    goals: tuple[Goal, ...]
    kill: tuple[str, float] | None = None
    client_dies_s: float | None = None


def parts_of(number: int, count: int) -> list[str]:
    """The sentences of a goal's text; no other goal has them."""
    ends = ("goes round the garden.", "has a look at the flowers.", "waits for the rain.", "and comes home again.")
    return [f"Robot {number}, part {part + 1}, {ends[part % len(ends)]}" for part in range(count)]


def storm(seed: int, goals: int) -> Iterator[Scene]:
    """Scenes with `goals` goals in all. The same seed gives the same storm."""
    rng = random.Random(seed)
    number = 0
    while number < goals:
        scene = _scene(rng, number + 1, goals - number)
        number += len(scene.goals)
        yield scene


def _scene(rng: random.Random, first: int, left: int) -> Scene:
    made: list[Goal] = []
    for _ in range(rng.choice((1, 2, 3, 3, 4))):
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        made += _goals(rng, kind, first + len(made))
    made = made[:left]
    kill = client_dies_s = None
    if rng.random() < 0.3:
        kill = rng.choices(list(MORTAL_NODES), list(MORTAL_NODES.values()))[0], rng.uniform(0.0, _SPAN_S)
    elif rng.random() < 0.12 and made[0].kind in _OF_THE_MORTAL and not made[0].refused:
        made[0] = _of_mortal(made[0])
        client_dies_s = made[0].at_s + rng.uniform(0.3, 2.5)
    return Scene(tuple(made), kill, client_dies_s)


def _of_mortal(goal: Goal) -> Goal:
    """The same, to last until its client dies."""
    values = dict(goal.values)
    if goal.kind == "say":
        values["text"] = " ".join(parts_of(goal.number, 8))
    elif goal.kind == "listen":
        values["timeout_s"] = 0.0
    else:
        values["hold_s"], values["style"] = 0.0, "look"
    return replace(goal, values=values, mortal=True, cancel_s=None, answer="", refused="")


def _goals(rng: random.Random, kind: str, number: int) -> list[Goal]:
    """One goal of a kind; with sleep and set_listening(False), what undoes it."""
    at_s = round(rng.uniform(0.0, _SPAN_S), 2)
    make = {
        "say": _say, "listen": _listen, "ask": _ask, "look_at": _look_at, "gesture": _gesture,
    }.get(kind)  # fmt: skip
    if make is not None:
        goal = make(rng, number, at_s)
        if not goal.refused and not goal.answer and rng.random() < 0.3:
            goal = replace(goal, cancel_s=round(at_s + rng.uniform(0.0, 2.5), 2))
        return [goal]
    if kind == "wear":
        avatar = "nobody_of_this_name" if rng.random() < 0.25 else rng.choice(AVATARS)
        return [Goal(number, kind, {"avatar": avatar}, at_s, refused="" if avatar in AVATARS else "avatar_not_found")]
    if kind == "chat":
        text = rng.choice((*QUESTIONS, ""))
        return [Goal(number, kind, {"text": text}, at_s, refused="" if text else "empty_text")]
    if kind == "express":
        name = rng.choice((*FACES, "hungry"))
        refused = "unknown_expression" if name not in FACES else ""
        return [Goal(number, kind, {"expression": name, "hold_s": 4.0}, at_s, refused=refused)]
    if kind in ("sleep", "set_listening"):
        sleep = kind == "sleep"
        undo = Goal(number + 1, "wake" if sleep else kind, {} if sleep else {"listening": True}, at_s + 1.5)
        return [Goal(number, kind, {} if sleep else {"listening": False}, at_s), undo]
    return [Goal(number, kind, {}, at_s)]


def _say(rng: random.Random, number: int, at_s: float) -> Goal:
    values: dict[str, Any] = {"text": " ".join(parts_of(number, rng.choice((1, 1, 2, 4))))}
    values["when"] = rng.choice(("queue", "queue", "queue", "now", "interrupt"))
    values["expression"] = rng.choice(("", "", "happy"))
    refused = ""
    if rng.random() < 0.12:
        refused, changed = rng.choice(
            (("empty_text", {"text": "…"}), ("too_long", {"text": "a" * 100_000}),
             ("unknown_expression", {"expression": "hungry"}))
        )  # fmt: skip
        values |= changed
    return Goal(number, "say", values, at_s, refused=refused)


def _listen(rng: random.Random, number: int, at_s: float) -> Goal:
    answered = rng.random() < 0.6
    values: dict[str, Any] = {"timeout_s": 20.0 if answered else 1.5}
    if rng.random() < 0.5:
        values["phrases"] = list(CHOICES)
    if rng.random() < 0.1:
        return Goal(number, "listen", {"phrases": ["x"] * 51}, at_s, refused="too_many_phrases")
    return Goal(number, "listen", values, at_s, answer=_answer(rng, number) if answered else "")


def _ask(rng: random.Random, number: int, at_s: float) -> Goal:
    answered = rng.random() < 0.75
    values: dict[str, Any] = {"question": parts_of(number, 1)[0], "timeout_s": 20.0 if answered else 1.0}
    if rng.random() < 0.6:
        values["choices"] = list(CHOICES)
    return Goal(number, "ask", values, at_s, answer=_answer(rng, number) if answered else "")


def _answer(rng: random.Random, number: int) -> str:
    return f"for robot {number} {rng.choice(('some coffee', 'green tea', 'a cup of sand'))} please"


def _look_at(rng: random.Random, number: int, at_s: float) -> Goal:
    side = rng.choice((-1.0, 1.0))
    values: dict[str, Any] = {"x": side, "y": 1.7, "z": 1.0, "hold_s": rng.uniform(1.0, 2.5), "style": "look"}
    if rng.random() < 0.2:
        return Goal(number, "look_at", values | {"frame_id": "base_link"}, at_s, refused="unknown_frame")
    return Goal(number, "look_at", values, at_s)


def _gesture(rng: random.Random, number: int, at_s: float) -> Goal:
    if rng.random() < 0.2:
        return Goal(number, "gesture", {"name": "fly"}, at_s, refused="unknown_gesture")
    end_s = round(rng.uniform(0.9, 2.2), 2)
    pout = {"mouthPucker": 0.9}
    frames = [{"at": 0.25, **pout}, {"at": round(end_s - 0.15, 2), **pout}, {"at": end_s}]
    return Goal(number, "gesture", {"key_frames": frames}, at_s)
