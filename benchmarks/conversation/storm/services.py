"""Whether the answers of services are true: express, stop, forget, sleep, wake, set_listening."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from avatar_ros.core.enums import AgentState

from .actors import Deed, Happenings
from .evidence import Evidence, shape
from .reasons import AFTERMATH_S, NOTED_S, Late
from .scenes import FACES, parts_of

#: Who is told to be silent is so within 0.2 s; the rest is for this computer being busy.
SILENT_S = 0.5
#: A face that was asked for is seen by then, s.
SHOWN_S = 2.0
#: What an order's answer says held at most so long before it came, s.
_HELD_S = 1.0
#: Each holds until another of its group.
_LASTING = (("sleep", "wake"), ("set_listening",))


def of_service(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """What is not true of the answer, in words."""
    goal, fault = deed.goal, deed.end
    if goal.refused:
        return [] if goal.refused in fault else [f"it should have been refused: {goal.refused}, not '{fault}'"]
    if fault:
        lost = [name for name in ("no_dialogue", "no_skills", "not answered", "no_face", "shutdown") if name in fault]
        killed = happened.within("kill", deed.sent_s - AFTERMATH_S, deed.end_s)
        undone = "replaced" in fault and any(_undoes(one, deed) for one in happened.deeds)
        return [] if undone or (lost and killed) else [f"'{fault}': nothing of that kind happened"]
    if goal.kind in ("sleep", "wake", "set_listening"):
        states = seen.states(max(deed.sent_s - NOTED_S, deed.end_s - _HELD_S), deed.end_s + NOTED_S)
        return [] if any(_is_so(one, deed) for one in states) else ["done, and the state was not so"]
    return _SERVICES[goal.kind](deed, seen, happened) if goal.kind in _SERVICES else []


def in_force(deeds: Iterable[Deed]) -> list[Deed]:
    """Orders of a scene that hold at its end: the last of each group, where there is no doubt which that was."""
    deeds = list(deeds)
    found = []
    for group in _LASTING:
        last = sorted((one for one in deeds if one.goal.kind in group), key=lambda one: one.sent_s)[-2:]
        alone = len(last) < 2 or last[-1].sent_s > last[-2].end_s
        if last and alone and last[-1].end == "":
            found.append(last[-1])
    return found


def holds(deed: Deed, state: Any) -> bool:
    """Whether a state is what an order wants."""
    return _is_so(state, deed)


def _is_so(state: Any, deed: Deed) -> bool:
    if deed.goal.kind == "set_listening":
        return bool(state.listening is deed.goal.values["listening"])
    return (state.state is AgentState.SLEEPING) is (deed.goal.kind == "sleep")


def _undoes(other: Deed, deed: Deed) -> bool:
    """Whether the opposite of an order was given while that one was under way."""
    opposite = {"sleep": "wake", "wake": "sleep"}.get(deed.goal.kind, deed.goal.kind)
    if other.goal.kind != opposite or other.goal.values == deed.goal.values != {}:
        return False
    return deed.sent_s - NOTED_S < other.sent_s < deed.end_s + NOTED_S


def _express(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    end_s = deed.end_s + SHOWN_S
    if happened.within("express", deed.sent_s + 1e-6, end_s) or happened.within("sleep", deed.sent_s - 5.0, end_s):
        return []
    if happened.within("kill expression_node", deed.end_s, end_s):
        return []
    if any(_has_a_face(one, deed.sent_s, end_s) for one in happened.deeds):
        return []
    most = max(seen.face(shape(FACES[deed.goal.values["expression"]]), deed.sent_s, end_s), default=float("nan"))
    return [] if most > 0.15 else [f"done, and the face shows {most:.2f}"]


def _has_a_face(other: Deed, from_s: float, until_s: float) -> bool:
    """Whether words with a face of their own were spoken then: while they are heard it is theirs."""
    words = other.goal.kind == "say" and not other.goal.refused and other.goal.values.get("expression")
    return bool(words) and other.sent_s < until_s and other.end_s > from_s


def _forget(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    prompts = list(seen.since("dialogue/prompt", deed.sent_s - 1.0))
    later = [p for at_s, p in prompts if at_s > deed.end_s + NOTED_S]
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
            if part in say.text and late_s > SILENT_S:
                faults.append(Late(f"'{part}' was heard {late_s:.2f} s after it"))
    return faults


_SERVICES = {"express": _express, "stop": _stop, "forget": _forget}
