"""Whether a result tells what happened. A verdict is a list of untruths: none, and it was true."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from avatar_ros.core.enums import ControlAction

from .actors import Deed, Happenings
from .evidence import Evidence, Heard, shape, yaw_deg
from .reasons import NOTED_S, Late, unexplained
from .scenes import CHOICES, parts_of
from .services import SILENT_S, of_service

#: A client that is killed is missed after so long, s (client_silent_s, and some).
MISSED_S = 7.0
_LETTERS_PER_S = 15.0
#: As which a number of so many digits is spoken: "one", "twenty one", "one hundred and twenty one".
_LETTERS_OF_DIGITS = {1: 3, 2: 9, 3: 22}
#: As ARKit weights, and degrees.
_SEEN, _TURNED_DEG = 0.3, 6.0
#: No goal of the storm takes longer, s: a computer that is busy with other things may.
_LONG_S = 70.0
#: The face that a gesture ends with is seen so long before its result, or, where no face came for a while, before that.
_ENDS_S, _MOST_GAP_S = 0.7, 1.5


def untruths(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """What is not true of a result, in words."""
    if deed.goal.mortal:
        return _left_behind(deed, seen, happened)
    if deed.end is None:
        return ["no result came"]
    faults = of_service(deed, seen, happened) if isinstance(deed.end, str) else _of_goal(deed, seen, happened)
    took_s = deed.end_s - deed.sent_s
    return faults + ([Late(f"took {took_s:.0f} s")] if took_s > _LONG_S else [])


def _of_goal(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    reason = deed.end.reason
    done = _reached(deed.end)
    if done == bool(reason) and not (done and deed.goal.kind == "look_at"):  # it says both: looked, and cancelled
        return [f"reached {done} and reason '{reason}'"]
    if deed.goal.refused and done:
        return [f"it should have been refused: {deed.goal.refused}"]
    faults = [] if done else unexplained(deed, seen, happened)
    check: Callable[[Deed, Evidence], list[str]] | None = _CHECKS.get(deed.goal.kind)
    faults += check(deed, seen) if check is not None else []
    if deed.goal.kind == "gesture" and done and happened.within("kill expression_node", deed.sent_s, deed.end_s):
        faults += _outlived(deed, seen, happened)
    return faults


def _reached(end: Any) -> bool:
    return any(getattr(end, name, False) for name in ("done", "heard", "understood", "reached", "answered"))


# --- words ------------------------------------------------------------------------------------------------------------


def _say(deed: Deed, seen: Evidence) -> list[str]:
    text, end = deed.goal.values["text"], deed.end
    if deed.goal.refused:
        return [f"'{end.spoken}' was not spoken"] if end.spoken else []
    parts = _parts(deed)
    heard = [seen.sound_of(part, deed.sent_s) for part in parts]
    if end.done:
        return _whole(deed, parts, heard) + ([] if end.spoken == text else [f"spoken is '{end.spoken}'"])
    faults = [] if text.startswith(end.spoken) else [f"spoken is '{end.spoken}'"]
    claimed_s, heard_s = _spoken_s(end.spoken), sum(one.seconds for one in heard)
    if end.reason in ("skills_lost", "no_skills", "refused"):  # words go on until the next one takes them back
        return faults
    if abs(claimed_s - heard_s) > 1.0 + 0.25 * heard_s + max(one.unseen_s for one in heard):
        faults.append(f"spoken is {claimed_s:.1f} s ('{end.spoken}'), {heard_s:.1f} s were heard")
    late_s = max(one.until_s for one in heard) - deed.end_s
    return faults + ([Late(f"heard {late_s:.2f} s after its end")] if late_s > SILENT_S else [])


def _spoken_s(text: str) -> float:
    """How long words take to be said, about.

    >>> round(_spoken_s("Robot 173, part"), 1)
    2.3
    """
    return len(re.sub(r"\d+", lambda found: "n" * _LETTERS_OF_DIGITS.get(len(found[0]), 30), text)) / _LETTERS_PER_S


def _parts(deed: Deed) -> list[str]:
    text = deed.goal.values.get("text") or deed.goal.values["question"]
    return [part for part in parts_of(deed.goal.number, 8) if part in text]


def _whole(deed: Deed, parts: list[str], heard: list[Heard]) -> list[str]:
    faults = [f"'{p}' was heard to {h.share:.0%}" for p, h in zip(parts, heard, strict=True) if not h.whole]
    early_s = max(one.until_s for one in heard) - deed.end_s
    return faults + ([Late(f"over {early_s:.2f} s before it was heard")] if early_s > NOTED_S else [])


def _listen(deed: Deed, seen: Evidence) -> list[str]:
    end = deed.end
    return _answer(deed, seen, end.transcript, end.phrase, deed.goal.values.get("phrases", ()), end.heard)


def _ask(deed: Deed, seen: Evidence) -> list[str]:
    end = deed.end
    faults = _answer(deed, seen, end.answer, end.choice, deed.goal.values.get("choices", ()), end.understood)
    question = deed.goal.values["question"]
    asked = {s.id for _, s in seen.since("say", deed.sent_s) if s.text == question}
    spoken = {(c.epoch, c.turn) for _, c in seen.since("speech/audio", deed.sent_s) if c.text.strip() == question}
    # the first words of a node that was just started may not reach us, but those who speak them
    if end.asked not in (len(asked), len(spoken)) and end.reason not in ("skills_lost", "no_skills", "refused"):
        faults.append(f"asked {end.asked} times, {len(asked)} were")
    return faults


def _answer(deed: Deed, seen: Evidence, text: str, choice: int, choices: Any, reached: bool) -> list[str]:
    said = [m.text for _, m in seen.since("speech/transcript", deed.sent_s)]
    faults = [f"nobody said '{text}'"] if text and text not in said else []
    meant = next((i for i, one in enumerate(CHOICES) if any(word in text.split() for word in _words(one))), -1)
    if choices and text and choice != meant:
        faults.append(f"choice {choice}, meant was {meant}")
    if reached and not text:
        faults.append("it was understood, and is empty")
    if reached and any(p.text == text for _, p in seen.since("dialogue/prompt", deed.sent_s)):
        faults.append("the avatar answered it, too")
    taken = deed.answered_s is not None and not (choices and "sand" in deed.goal.answer)  # that is asked about again
    if taken and deed.end.reason == "timeout":
        faults.append("somebody had spoken")
    return faults


def _words(choice: str) -> list[str]:
    return [way.split()[-1] for way in choice.split("|")]


def _chat(deed: Deed, seen: Evidence) -> list[str]:
    text, end = deed.goal.values["text"], deed.end
    turns = [(p.epoch, p.turn) for _, p in seen.since("dialogue/prompt", deed.sent_s) if p.text == text]
    pieces = [m for _, m in seen.since("dialogue/reply", deed.sent_s)]
    replies = [
        "".join(m.text for m in sorted(pieces, key=lambda m: m.seq) if (m.epoch, m.turn) == turn) for turn in turns
    ]
    if end.answered:
        return [] if end.reply in replies and end.reply else [f"'{end.reply}' was answered nowhere"]
    return [] if not end.reply or any(r.startswith(end.reply) for r in replies) else [f"'{end.reply}': nowhere"]


# --- the face ---------------------------------------------------------------------------------------------------------


def _look_at(deed: Deed, seen: Evidence) -> list[str]:
    if not deed.end.reached:
        return []
    side = deed.goal.values["x"]
    turned = seen.face(lambda face: side * yaw_deg(face), deed.end_s - 0.4, deed.end_s)
    most = max(turned, default=float("nan"))
    return [] if most > _TURNED_DEG else [f"reached, and the head was turned by {most:.1f} degrees"]


def _gesture(deed: Deed, seen: Evidence) -> list[str]:
    if not deed.end.done:
        return []
    began_s, until_s = deed.end_s - deed.goal.values["key_frames"][-1]["at"] - NOTED_S, deed.end_s + NOTED_S
    made = seen.face(shape("mouthPucker"), began_s, until_s)
    gap_s = seen.face_gap_s(began_s, until_s)  # what was then, nobody saw
    late_s = deed.end_s - _ENDS_S - (gap_s if gap_s < _MOST_GAP_S else 0.0)
    late = seen.face(shape("mouthPucker"), late_s, until_s)
    if max(made, default=0.0) < _SEEN:
        return [f"made, and the face shows {max(made, default=float('nan')):.2f}"]
    return [] if max(late, default=0.0) > _SEEN else ["made to its end, and the end was not seen"]


def _outlived(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """Of a gesture that was made although its face died meanwhile: it was all made before, or after."""
    last = shape("mouthPucker")
    late = seen.face(last, deed.end_s - _ENDS_S, deed.end_s + NOTED_S)
    return [] if max(late, default=0.0) > _SEEN else ["the face died in it, and it is said to be made"]


def _wear(deed: Deed, seen: Evidence) -> list[str]:
    results = [m for at_s, m in seen.since("wear_result", deed.sent_s) if m.done and at_s < deed.end_s + NOTED_S]
    if deed.end.done and not any(m.avatar == deed.goal.values["avatar"] for m in results):
        return ["worn, and the renderer did not say so"]
    return []


# --- a client that is dead -------------------------------------------------------------------------------------------


def _left_behind(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """Of a client that was killed: nothing of it goes on."""
    died_s = max(at_s for name, at_s in happened.events if name == "client")
    since_s = died_s + MISSED_S
    if deed.goal.kind == "say":
        late_s = max(seen.sound_of(part, deed.sent_s).until_s for part in _parts(deed)) - since_s
        return [f"heard {late_s:.1f} s after it should have been missed"] if late_s > 0 else []
    topic = "control" if deed.goal.kind == "listen" else "gaze_target"
    left = [m for _, m in seen.since(topic, since_s) if getattr(m, "action", None) in (None, ControlAction.CLAIM)]
    return [f"{len(left)} messages on {topic} after it should have been missed"] if left else []


_CHECKS: dict[str, Callable[[Deed, Evidence], list[str]]] = {
    "say": _say, "listen": _listen, "ask": _ask, "chat": _chat, "look_at": _look_at, "gesture": _gesture, "wear": _wear,
}  # fmt: skip
