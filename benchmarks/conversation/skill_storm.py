"""Goals of every kind on a whole kiosk, preempted, cancelled, refused, with clients and nodes killed in between: is
every result true?

    ./avatar exec python -m benchmarks.conversation.skill_storm --goals 200 --seed 1 --json storm.jsonl

Each result is compared with what another node hears: sound at the loudspeaker (speech/played, sample by sample), the
face (motion/expression), the picture, states, transcripts, prompts. Nobody is at the microphone; what a person says is
typed. A goal takes about three seconds. What is not true is printed at once; a run that is ended early (SIGTERM,
SIGINT) still says how many of how many were. Exit code 1: one result was not true, or it was ended early.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import AvatarRosError, StageError
from avatar_ros.ros.listener import Listener

from .kiosk_run import KioskRun, write_profile
from .storm.actors import Actors, Deed
from .storm.evidence import TOPICS, Evidence, now_s
from .storm.scenes import AVATARS, MINUTE_S, MOST_DEATHS, Scene, storm
from .storm.services import SHOWN_S, holds, in_force
from .storm.truth import MISSED_S, untruths

NAMESPACE = "skillstorm"
_READY_S, _BACK_S = 180.0, 30.0
#: What was begun in a scene may still be heard in the next: evidence is kept so long, s.
_KEPT_S = 150.0
_CLOSED_S = 90.0
#: A dialogue that was started again is told what it should do by then, s.
_OBEYED_S = 5.0
_SMALL = {"width": 192, "height": 192}


@dataclass(frozen=True)
class Verdict:
    """Of one goal. scene: number; disturbed: what died meanwhile; faults: none where the result was true."""

    scene: int
    kind: str
    disturbed: str
    end: str
    faults: tuple[str, ...]


class Storm:
    """A kiosk, those who want something of it, and who watches."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        profile = write_profile(folder / "storm.yaml", "embedded", {
            "speaker_node": {"backend": "null"}, "renderer_node": _SMALL,
        })  # fmt: skip
        self.listener = stack.enter_context(Listener(NAMESPACE, TOPICS))
        arguments, environment = ["--mic", "none", "--display", "off"], {"ROS_LOG_DIR": str(folder)}
        self.run = stack.enter_context(KioskRun(NAMESPACE, profile, arguments, environment))
        self.seen = Evidence(self.listener)
        self.actors = Actors(self.listener, self.run.pid, NAMESPACE)
        stack.callback(self.actors.close)
        self._deaths: dict[str, list[float]] = {}

    def begin(self, faces: Sequence[str] = AVATARS) -> None:
        """It is up, and knows what these avatars look like. Raises NotReadyError, StageError."""
        avatar = self.actors.avatars[0]
        deadline_s = now_s() + _READY_S
        while avatar.missing() and now_s() < deadline_s:
            self.run.check()
            time.sleep(0.1)
        avatar.wait_until_ready(0.1)
        avatar.say("I am ready.")
        for name in faces:
            avatar.wear(name)
            self.seen.remember(name)

    def play(self, number: int, scene: Scene) -> Iterator[Verdict]:
        """A scene, and what is to be said of each of its results."""
        scene = self._bearable(scene)
        began_s = now_s()
        deeds = self.actors.play(scene)
        self.run.check()
        unkept = self._settle(scene, began_s, deeds)
        time.sleep(max(0.0, _last_face_s(deeds) + SHOWN_S - now_s()))
        happened = self.actors.happenings
        for deed in deeds:
            faults = untruths(deed, self.seen, happened)
            if deed.goal.kind == "wear" and deed is _last_worn(deeds):
                faults += self._face_of(deed)
            if deed in unkept:
                faults.append(f"{deed.goal.kind} was obeyed, and does not hold")
            dead = scene.kill[0] if scene.kill else "client" if scene.client_dies_s is not None else ""
            yield Verdict(number, deed.goal.kind, dead, _words(deed), tuple(faults))
        self.seen.forget(now_s() - _KEPT_S)

    def _bearable(self, scene: Scene) -> Scene:
        """Without the death that the runner would give the node up for."""
        if scene.kill is None:
            return scene
        deaths = [at_s for at_s in self._deaths.get(scene.kill[0], []) if now_s() - at_s < MINUTE_S]
        self._deaths[scene.kill[0]] = [*deaths, now_s()]
        return scene if len(deaths) < MOST_DEATHS else Scene(scene.goals)

    def _settle(self, scene: Scene, began_s: float, deeds: list[Deed]) -> list[Deed]:
        """Wait until all works again, nobody sleeps and no words are left. Orders that should hold, and do not."""
        avatar = self.actors.avatars[0]
        if scene.client_dies_s is not None:
            time.sleep(max(0.0, began_s + scene.client_dies_s + MISSED_S + 2.0 - now_s()))
        with contextlib.suppress(AvatarRosError):
            avatar.wait_until_ready(_BACK_S)
        unkept = [deed for deed in in_force(deeds) if not self._is_kept(scene, deed)]
        last = self._state()
        for wrong, mend in ((last.state is AgentState.SLEEPING, avatar.wake), (not last.listening, self._listen)):
            if wrong:
                with contextlib.suppress(AvatarRosError):
                    mend()
        quiet = (AgentState.IDLE, AgentState.LISTENING)
        with contextlib.suppress(TimeoutError):
            self.listener.wait(lambda _: self._state().state in quiet, "nobody speaks", _BACK_S)
        return unkept

    def _is_kept(self, scene: Scene, deed: Deed) -> bool:
        """Whether an order holds; a skills_node that dies forgets what it should tell a new dialogue."""
        if scene.kill is not None and scene.kill[0] == "skills_node":
            return True
        try:
            self.listener.wait(lambda _: holds(deed, self._state()), "it is obeyed", _OBEYED_S)
        except TimeoutError:
            return False
        return True

    def _state(self) -> Any:
        if not self.listener.heard["state"]:
            raise StageError("bench_state", "no state was heard")
        return self.listener.heard["state"][-1]

    def _listen(self) -> None:
        self.actors.avatars[0].set_listening(True)

    def _face_of(self, deed: Deed) -> list[str]:
        """Whether who is said to be shown is."""
        if deed.end is None or not deed.end.avatar or not self.seen.knows(deed.end.avatar):
            return []
        try:
            shown = self.seen.shown()
        except TimeoutError:
            return ["no picture came"]
        return [] if shown == deed.end.avatar else [f"'{deed.end.avatar}' is said to be shown, '{shown}' is"]


def _last_worn(deeds: list[Deed]) -> Deed | None:
    worn = [deed for deed in deeds if deed.goal.kind == "wear"]
    return max(worn, key=lambda deed: deed.end_s, default=None)


def _last_face_s(deeds: list[Deed]) -> float:
    """When a face was asked for last."""
    return max((deed.end_s for deed in deeds if deed.goal.kind == "express" and deed.end == ""), default=0.0)


def _words(deed: Deed) -> str:
    return f"{deed.goal.values} -> {deed.end} [{deed.end_s - deed.sent_s:.1f} s]"[:400]


def campaign(goals: int, seed: int, faces: Sequence[str] = AVATARS) -> Generator[Verdict]:
    """Verdicts one by one. Close it to end the kiosk. faces: avatars that are told from each other."""
    with contextlib.ExitStack() as stack:
        made = Storm(stack)
        made.begin(faces)
        for number, scene in enumerate(storm(seed, goals)):
            yield from made.play(number, scene)


def table(verdicts: list[Verdict]) -> str:
    """True results by kind."""
    rows = [f"{'kind':<14}{'goals':>7}{'true':>7}"]
    for kind, count in sorted(Counter(one.kind for one in verdicts).items()):
        rows.append(f"{kind:<14}{count:>7}{sum(not v.faults for v in verdicts if v.kind == kind):>7}")
    disturbed = sum(bool(one.disturbed) for one in verdicts)
    true = sum(not one.faults for one in verdicts)
    return "\n".join([*rows, f"{true} / {len(verdicts)} true; {disturbed} in scenes where a node or a client died"])


class Tally:
    """Verdicts as they come: faults are printed at once, and a run that is cut off leaves its file.

    path: JSON, one verdict a line.
    """

    def __init__(self, path: Path | None) -> None:
        self.verdicts: list[Verdict] = []
        self._path = path
        self._began_s = now_s()
        if path is not None:
            path.write_text("")

    def add(self, verdict: Verdict) -> None:
        """Keep, and tell."""
        begins = not self.verdicts or verdict.scene > self.verdicts[-1].scene
        self.verdicts.append(verdict)
        if begins:
            print(f"{self._passed_s():.0f} s: {len(self.verdicts) - 1} goals", file=sys.stderr, flush=True)
        for fault in verdict.faults:
            print(f"scene {verdict.scene} ({verdict.disturbed}): {verdict.kind} {verdict.end}: {fault}", flush=True)
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(verdict)) + "\n")

    def line(self, wanted: int) -> str:
        """How far it came, for who reads only the end."""
        true = sum(not one.faults for one in self.verdicts)
        cut = "" if len(self.verdicts) >= wanted else f" (cut off: {wanted} were wanted)"
        return f"{true} of {len(self.verdicts)} true{cut}, {self._passed_s():.0f} s"

    def _passed_s(self) -> float:
        return now_s() - self._began_s


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=" ".join((__doc__ or "").split("\n\n")[0].split()))
    parser.add_argument("--goals", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write each verdict to this file, one a line, as it is reached")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)  # and the kiosk with it
    tally = Tally(options.json)
    with contextlib.closing(campaign(options.goals, options.seed)) as verdicts:
        try:
            for verdict in verdicts:
                tally.add(verdict)
                if len(tally.verdicts) == options.goals:
                    break
        finally:  # before all is closed, which takes its time, and DDS has not always come to an end of it
            print(f"{table(tally.verdicts)}\n{tally.line(options.goals)}, seed {options.seed}", flush=True)
            code = int(any(one.faults for one in tally.verdicts) or len(tally.verdicts) < options.goals)
            last = threading.Timer(_CLOSED_S, os._exit, (code,))
            last.daemon = True
            last.start()
    return code


def _leave(*_: object) -> None:
    """Once: who asks twice is not to keep the kiosk from being ended."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
