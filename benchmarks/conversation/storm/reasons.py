"""Whether the reason that a result gives was so: who else asked for something, what died, what `state` said."""

from __future__ import annotations

from collections.abc import Iterator

from avatar_ros.core.enums import AgentState

from .actors import Deed, Happenings
from .evidence import Evidence

#: A reason -> what must have happened for it, by the beginning of its name; see actors.Happenings.
CAUSES: dict[str, tuple[str, ...]] = {
    "stopped": ("stop",),
    "interrupted": ("talk", "chat"),
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
AFTERMATH_S = 25.0
#: What comes over DDS is noted so much later or earlier than it happened, s.
NOTED_S = 0.3
#: Of two goals that skills_node accepted within this time either may be the later one to it, s.
_AT_ONCE_S = 0.05
#: A client that is killed may have had its goal accepted so much later than it was told to send it, s.
_MORTAL_ACCEPTED_S = 3.0
#: avatar_wait_s of skills_node: the renderer really was silent for so long.
_AVATAR_WAIT_S = 59.9
#: A chat's own patience, and how long no program must have listened for it to be said, s.
_CHAT_WAIT_S, _ITS_TURN_S = 29.0, 3.0


class Late(str):
    """An untruth about times, which a computer that is busy with other things may be to blame for."""

    __slots__ = ()


def unexplained(deed: Deed, seen: Evidence, happened: Happenings) -> list[str]:
    """Whether what it gives as its reason was so."""
    goal, name = deed.goal, deed.end.reason.partition(":")[0]
    if goal.refused and name == goal.refused:
        return []
    if name == "cancelled" and deed.cancelled_s is not None:
        return []
    if name == "timeout" and goal.kind in ("listen", "ask"):
        return [] if deed.end_s - deed.sent_s >= goal.values["timeout_s"] - 0.1 else ["timeout too early"]
    if name == "timeout" and goal.kind == "chat":
        return [] if _never_its_turn(deed, happened) else ["timeout, and it could have been answered"]
    if name == "no_phrase" and deed.answered_s is not None and "sand" in goal.answer:
        return []
    if name in ("asleep", "not_listening"):
        states = seen.states(deed.sent_s - NOTED_S, deed.end_s + NOTED_S)
        so = any(one.state is AgentState.SLEEPING if name == "asleep" else not one.listening for one in states)
        return [] if so else [f"reason '{name}': the state never was so"]
    if name == "no_answer" and goal.kind == "wear" and deed.end_s - deed.sent_s >= _AVATAR_WAIT_S:
        return _unanswered(deed, seen)
    if name == "replaced" and any(_replaces(one, deed) for one in happened.deeds):
        return []
    for cause in CAUSES.get(name, ()):
        from_s = deed.sent_s - (AFTERMATH_S if cause.startswith("kill") else 5.0)
        if happened.within(cause, from_s, deed.end_s + NOTED_S):
            return []
    return [f"reason '{deed.end.reason}': nothing of that kind happened"]


def _replaces(rival: Deed, deed: Deed) -> bool:
    """Whether it took the place of `deed`: the newest is the one that skills_node accepted last, not who sent last."""
    kind = deed.goal.kind
    if rival is deed or rival.goal.refused or rival.sent_s > deed.end_s + NOTED_S:
        return False
    preempts = rival.goal.kind == "say" and rival.goal.values.get("when") in ("now", "interrupt")
    if rival.goal.kind not in _GROUPS.get(kind, ()) and not (preempts and kind in ("say", "ask")):
        return False
    if rival.goal.mortal:  # of its own process: nobody told us when it was accepted
        return rival.sent_s >= deed.sent_s - _MORTAL_ACCEPTED_S
    return 0 < deed.accepted_s - _AT_ONCE_S <= rival.accepted_s


def _never_its_turn(deed: Deed, happened: Happenings) -> bool:
    """Whether programs listened nearly all the time: what is said is theirs then, and the avatar does not answer."""
    free_s, until_s = deed.sent_s, deed.end_s - _ITS_TURN_S
    if deed.end_s - deed.sent_s < _CHAT_WAIT_S:
        return False
    for from_s, to_s in sorted(_listened(happened)):
        if from_s > min(free_s + _ITS_TURN_S, until_s):
            break
        free_s = max(free_s, to_s)
    return free_s >= until_s - _ITS_TURN_S


def _listened(happened: Happenings) -> Iterator[tuple[float, float]]:
    """When programs listened."""
    for one in happened.deeds:
        if one.goal.kind in ("listen", "ask") and not one.goal.refused:
            yield one.sent_s, one.end_s


def _unanswered(deed: Deed, seen: Evidence) -> list[str]:
    answered = [at_s for at_s, m in seen.since("wear_result", deed.sent_s) if m.avatar == deed.goal.values["avatar"]]
    early = [at_s for at_s in answered if at_s < deed.end_s - NOTED_S]
    return ["no_answer, and the renderer had answered"] if early else []
