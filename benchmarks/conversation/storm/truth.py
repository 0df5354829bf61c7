"""Whether a result tells what happened. A verdict is a list of untruths: none, and it was true."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from avatar_ros.core.enums import AgentState, ControlAction

from .actors import Deed, Happenings
from .evidence import Evidence, Heard, shape, yaw_deg
from .scenes import CHOICES, FACES, MINUTE_S, parts_of

#: A reason -> what must have happened for it, by the beginning of its name; see actors.Happenings.
CAUSES: dict[str, tuple[str, ...]] = {
    "stopped": ("stop",),
    "asleep": ("sleep",),
    "not_listening": ("set_listening False",),
    "interrupted": ("talk", "chat"),
    "replaced": ("say now", "say interrupt"),
    "cancelled": ("chat", "talk"),
    **dict.fromkeys(("skills_lost", "no_skills", "refused"), ("kill skills_node",)),
    **dict.fromkeys(("dialogue_lost", "no_dialogue"), ("kill dialogue_node",)),
    **dict.fromkeys(("voice_lost", "voice_failed"), ("kill tts_node",)),
    "no_sound": ("kill tts_node", "kill speaker_node"),
    "speaker_lost": ("kill speaker_node",),
    "broken_off": ("kill llm_node", "kill dialogue_node", "say", "stop", "talk"),
    **dict.fromkeys(("no_face", "face_lost"), ("kill expression_node",)),
    **dict.fromkeys(("no_renderer", "no_answer"), ("kill renderer_node",)),
}
#: Of these the newest goal counts.
_GROUPS = {"listen": ("listen", "ask"), "ask": ("listen", "ask"), "look_at": ("look_at",), "gesture": ("gesture",),
           "wear": ("wear",)}  # fmt: skip
#: A node that was killed may be missed for so long, s.
_AFTERMATH_S = 25.0
#: What is felt for so long; who is put to sleep as `skills_node` dies, too, is woken by the next scene's beginning.
_LASTING = ("kill", "sleep", "set_listening")
#: What comes over DDS is noted so much later or earlier than it happened, s.
_NOTED_S = 0.3
#: Who is cancelled falls silent within 0.2 s; the rest is for this computer being busy.
_SILENT_S = 0.5
#: A client that is killed is missed after so long, s (client_silent_s, and some).
MISSED_S = 7.0
#: A face that was asked for is seen by then, s.
SHOWN_S = 2.0
_LETTERS_PER_S = 15.0
#: As which a number of so many digits is spoken: "one", "twenty one", "one hundred and twenty one".
_LETTERS_OF_DIGITS = {1: 3, 2: 9, 3: 22}
#: A goal that was sent so much earlier may be accepted later, s: the newest is the one that is accepted last.
_OVERTAKEN_S = 3.0
#: avatar_wait_s of skills_node: the renderer really was silent for so long.
_AVATAR_WAIT_S = 59.9
#: As ARKit weights, and degrees.
_SEEN, _TURNED_DEG = 0.3, 6.0


class Late(str):
    """An untruth about times, which a computer that is busy with other things may be to blame for."""

    __slots__ = ()


def untruths(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """What is not true of a result, in words."""
    if deed.goal.mortal:
        return _left_behind(deed, seen, happened)
    if deed.end is None:
        return ["no result came"]
    if isinstance(deed.end, str):
        return _of_service(deed, seen, happened)
    reason = deed.end.reason
    done = _reached(deed.end)
    if done == bool(reason) and not (done and deed.goal.kind == "look_at"):  # it says both: looked, and cancelled
        return [f"reached {done} and reason '{reason}'"]
    if deed.goal.refused and done:
        return [f"it should have been refused: {deed.goal.refused}"]
    faults = [] if done else _unexplained(deed, reason, happened)
    check: Callable[[Deed, Evidence], list[str]] | None = _CHECKS.get(deed.goal.kind)
    return faults + (check(deed, seen) if check is not None else [])


def _reached(end: Any) -> bool:
    return any(getattr(end, name, False) for name in ("done", "heard", "understood", "reached", "answered"))


def _unexplained(deed: Deed, reason: str, happened: Happenings) -> list[str]:
    """Whether what it gives as its reason was so."""
    goal, name = deed.goal, reason.partition(":")[0]
    if goal.refused and name == goal.refused:
        return []
    if name == "cancelled" and deed.cancelled_s is not None:
        return []
    if name == "timeout" and goal.kind in ("listen", "ask"):
        return [] if deed.end_s - deed.sent_s >= goal.values["timeout_s"] - 0.1 else ["timeout too early"]
    if name == "timeout" and goal.kind == "chat":  # a program that listens has the words, and the avatar has not
        listens = any(happened.within(kind, deed.sent_s - MINUTE_S, deed.end_s) for kind in ("listen", "ask"))
        return [] if listens and deed.end_s - deed.sent_s > 29.0 else ["timeout without a reason"]
    if name == "no_phrase" and deed.answered_s is not None and "sand" in goal.answer:
        return []
    until_s = deed.end_s + _NOTED_S
    if name == "no_answer" and deed.end_s - deed.sent_s >= _AVATAR_WAIT_S:
        return []
    spans = ((deed.sent_s - _OVERTAKEN_S, deed.sent_s - 1e-6), (deed.sent_s + 1e-6, until_s))
    rivals = _GROUPS.get(goal.kind, ())
    if name == "replaced" and any(happened.within(kind, *span) for kind in rivals for span in spans):
        return []
    for cause in CAUSES.get(name, ()):
        from_s = deed.sent_s - (_AFTERMATH_S if cause.startswith(_LASTING) else 5.0)
        if happened.within(cause, from_s, until_s):
            return []
    return [f"reason '{reason}': nothing of that kind happened"]


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
    return faults + ([Late(f"heard {late_s:.2f} s after its end")] if late_s > _SILENT_S else [])


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
    return faults + ([Late(f"over {early_s:.2f} s before it was heard")] if early_s > _NOTED_S else [])


def _listen(deed: Deed, seen: Evidence) -> list[str]:
    end = deed.end
    return _answer(deed, seen, end.transcript, end.phrase, deed.goal.values.get("phrases", ()), end.heard)


def _ask(deed: Deed, seen: Evidence) -> list[str]:
    end = deed.end
    faults = _answer(deed, seen, end.answer, end.choice, deed.goal.values.get("choices", ()), end.understood)
    asked = {s.id for _, s in seen.since("say", deed.sent_s) if s.text == deed.goal.values["question"]}
    if len(asked) != end.asked and end.reason not in ("skills_lost", "no_skills", "refused"):
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
    length_s = deed.goal.values["key_frames"][-1]["at"]
    began_s, until_s = deed.end_s - length_s - _NOTED_S, deed.end_s + _NOTED_S
    made = seen.face(shape("mouthPucker"), began_s, until_s)
    late = seen.face(shape("mouthPucker"), deed.end_s - 0.7 - seen.face_gap_s(began_s, until_s), until_s)
    if max(made, default=0.0) < _SEEN:
        return [f"made, and the face shows {max(made, default=float('nan')):.2f}"]
    return [] if max(late, default=0.0) > _SEEN else ["made to its end, and the end was not seen"]


def _wear(deed: Deed, seen: Evidence) -> list[str]:
    results = [m for at_s, m in seen.since("wear_result", deed.sent_s) if m.done and at_s < deed.end_s + _NOTED_S]
    if deed.end.done and not any(m.avatar == deed.goal.values["avatar"] for m in results):
        return ["worn, and the renderer did not say so"]
    return []


# --- services ---------------------------------------------------------------------------------------------------------


def _of_service(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    goal, fault = deed.goal, deed.end
    if goal.refused:
        return [] if goal.refused in fault else [f"it should have been refused: {goal.refused}, not '{fault}'"]
    if fault:
        lost = [name for name in ("no_dialogue", "no_skills", "not answered", "no_face", "shutdown") if name in fault]
        killed = happened.within("kill", deed.sent_s - _AFTERMATH_S, deed.end_s)
        undone = "replaced" in fault and goal.kind in ("sleep", "wake", "set_listening")
        return [] if undone or (lost and killed) else [f"'{fault}': nothing of that kind happened"]
    states = [m for at_s, m in seen.since("state", 0.0) if at_s <= deed.end_s + _NOTED_S]  # the last one may be old
    if goal.kind in ("sleep", "wake"):
        asleep = [(m.state is AgentState.SLEEPING) is (goal.kind == "sleep") for m in states[-6:]]
        return [] if any(asleep) else ["done, and the state never was so"]
    if goal.kind == "set_listening":
        return [] if any(m.listening is goal.values["listening"] for m in states[-6:]) else ["the state never was so"]
    return _SERVICES[goal.kind](deed, seen, happened) if goal.kind in _SERVICES else []


def _express(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    end_s = deed.end_s + SHOWN_S
    if happened.within("express", deed.sent_s + 1e-6, end_s) or happened.within("sleep", deed.sent_s - 5.0, end_s):
        return []
    if happened.within("kill expression_node", deed.end_s, end_s):
        return []
    most = max(seen.face(shape(FACES[deed.goal.values["expression"]]), deed.sent_s, end_s), default=float("nan"))
    return [] if most > 0.15 else [f"done, and the face shows {most:.2f}"]


def _forget(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    prompts = list(seen.since("dialogue/prompt", deed.sent_s - 1.0))
    later = [p for at_s, p in prompts if at_s > deed.end_s + _NOTED_S]
    if len(later) < len(prompts) or not later:  # one was on its way, or there is none to tell
        return []
    known = [line.text for line in later[0].history if line.role == "user"]
    return [f"it still knows '{known[0]}'"] if known else []


def _stop(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    faults: list[str] = []
    for at_s, say in list(seen.since("say", deed.sent_s - 60.0)):
        if at_s > deed.sent_s or not say.text.startswith("Robot "):
            continue
        for part in parts_of(int(say.text.split()[1].rstrip(",")), 8):
            late_s = seen.sound_of(part, at_s).until_s - deed.end_s
            if part in say.text and late_s > _SILENT_S:
                faults.append(Late(f"'{part}' was heard {late_s:.2f} s after it"))
    return faults


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
_SERVICES = {"express": _express, "stop": _stop, "forget": _forget}
