"""What skills_node and a client cost while nobody uses them: one kiosk that lives on, in short blocks by turns, with
both and with neither; six minutes and 32 questions.

    ./avatar exec python -m benchmarks.conversation.skills_cost --json cost.json

Without: the node is cleaned up by its lifecycle (it has no topics, services and actions then) and no client is there.
Blocks come in pairs, one of each kind, the first one in turn; what both differ by is judged by the bootstrap (95 %,
pairs drawn anew for processor time, questions for delays). Processor time is that of the nodes' threads as the kernel's
scheduler counts it (ns), while the avatar idles; the client's own process is this one. Questions are typed; first sound
is the instant at which sample 0 of the answer leaves the loudspeaker (speech/playback).
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from avatar_ros.client import Avatar
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import StageError
from avatar_ros.core.outputs import write_whole
from avatar_ros.core.types import Transcript
from avatar_ros.ros.listener import Listener
from avatar_ros.testing.kiosk_process import KioskProcess

from .skill_delays import first_sound_s

NAMESPACE = "skillscost"
NODE = "skills_node"
QUESTION = "what time is it"
_READY_S = 180.0
_SETTLE_S = 3.0
_DRAWS, _SEED = 10_000, 1
AWAY = (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)
BACK = (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE)


def processor_s() -> dict[str, float]:
    """Processor time of each node of the kiosk so far."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_text() if folder.name.isdigit() else ""
            named = re.search(r"__node:=(\w+)", words)
            if named and re.search(rf"__ns:=/{NAMESPACE}\b", words):
                threads = (folder / "task").glob("*/schedstat")
                found[named[1]] = sum(int(thread.read_text().split()[0]) for thread in threads) * 1e-9
        except OSError:
            continue  # it has ended
    return found


class Kiosk:
    """A kiosk whose skills_node comes and goes."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._change = listener.node.create_client(ChangeState, f"{NODE}/change_state")
        self._number = 0

    def take(self, transitions: tuple[int, ...]) -> None:
        """Bring the node through them. Raises StageError where one is refused."""
        for transition in transitions:
            answer = self._change.call_async(ChangeState.Request(transition=Transition(id=transition)))
            self._listener.wait(partial(_is_done, answer), "a transition")
            if not answer.result().success:
                raise StageError("bench_lifecycle", f"{NODE} refused transition {transition}")

    def idle_processor(self, seconds: float) -> dict[str, float]:
        """Thousandths of a core, by node, while nobody talks."""
        before = processor_s()
        time.sleep(seconds)
        after = processor_s()
        return {name: 1000 * (after[name] - before[name]) / seconds for name in after if name in before}

    def first_sound_ms(self) -> float:
        """A typed question to the first sound of its answer."""
        clocks = self._listener.heard["speech/playback"]
        since, asked_s, states = len(clocks), time.monotonic(), len(self._listener.states())
        self._number += 1
        self._listener.send("speech/transcript", Transcript(utterance=self._number, text=QUESTION))
        self._listener.wait(lambda _: any(clock.sample > 0 for clock in clocks[since:]), "sound", 60.0)
        self._listener.wait(lambda heard: _is_over(heard.states()[states:]), "the answer's end", 120.0)
        return 1000 * (first_sound_s(clocks, since) - asked_s)


def _is_done(answer: Any, _: Listener) -> bool:
    return bool(answer.done())


def _is_over(states: list[AgentState]) -> bool:
    return AgentState.SPEAKING in states and states[-1] is not AgentState.SPEAKING


def measure(rounds: int, seconds: float, questions: int) -> dict[str, Any]:
    """Medians of both ways."""
    idle: dict[str, list[dict[str, float]]] = defaultdict(list)
    sounds: dict[str, list[float]] = defaultdict(list)
    with (
        Listener(NAMESPACE, ("speech/playback", "state")) as listener,
        KioskProcess("--mic", "none", "--display", "off", namespace=NAMESPACE),
    ):
        with Avatar(NAMESPACE) as avatar:
            avatar.wait_until_ready(_READY_S)
        kiosk = Kiosk(listener)
        kiosk.first_sound_ms()  # what is loaded on first use is loaded
        for number in range(rounds):
            for way in ("with", "without") if number % 2 == 0 else ("without", "with"):
                _one(kiosk, way, seconds, questions, (idle[way], sounds[way]))
    return {
        **{way: summary(idle[way], sounds[way]) for way in ("with", "without")},
        "with minus without": differences(idle, sounds),
    }


def _one(kiosk: Kiosk, way: str, seconds: float, questions: int,
         found: tuple[list[dict[str, float]], list[float]]) -> None:
    client = Avatar(NAMESPACE) if way == "with" else None
    if client is None:
        kiosk.take(AWAY)
    else:
        client.wait_until_ready(_READY_S)
    time.sleep(_SETTLE_S)
    found[0].append(kiosk.idle_processor(seconds))
    found[1].extend(kiosk.first_sound_ms() for _ in range(questions))
    if client is None:
        kiosk.take(BACK)
    else:
        client.close()


def differences(idle: dict[str, list[dict[str, float]]], sounds: dict[str, list[float]]) -> dict[str, list[float]]:
    """[estimate, low, high] of what `with` has more: processor time of the others, and first sound."""
    rng = np.random.default_rng(_SEED)
    used = {way: np.array([sum(v for name, v in one.items() if name != NODE) for one in idle[way]]) for way in idle}
    pairs = used["with"] - used["without"]
    drawn = rng.choice(pairs, (_DRAWS, len(pairs))).mean(axis=1)
    found = {"others_thousandths_of_a_core": [float(pairs.mean()), *_interval(drawn)]}
    ways = {way: np.array(sounds[way]) for way in ("with", "without")}
    estimates: dict[str, Any] = {"first_sound_ms_mean": np.mean, "first_sound_ms_median": np.median}
    for name, of in estimates.items():
        many = {way: of(rng.choice(ms, (_DRAWS, len(ms))), axis=1) for way, ms in ways.items()}
        found[name] = [float(of(ways["with"]) - of(ways["without"])), *_interval(many["with"] - many["without"])]
    return found


def _interval(drawn: Any) -> list[float]:
    return [float(value) for value in np.percentile(drawn, (2.5, 97.5))]


def summary(idle: list[dict[str, float]], sounds: list[float]) -> dict[str, float]:
    """Medians and largest."""
    others = [sum(used for name, used in one.items() if name != NODE) for one in idle]
    own = [one.get(NODE, 0.0) for one in idle]
    return {
        "others_thousandths_of_a_core_median": float(np.median(others)),
        "others_thousandths_of_a_core_least": float(np.min(others)),
        "others_thousandths_of_a_core_most": float(np.max(others)),
        "skills_node_thousandths_of_a_core_median": float(np.median(own)),
        "first_sound_ms_median": float(np.median(sounds)),
        "first_sound_ms_p95": float(np.percentile(sounds, 95)),
        "questions": len(sounds),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="pairs of blocks (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of idling a block (default: %(default)s)")
    parser.add_argument("--questions", type=int, default=2, help="a block (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.rounds, options.seconds, options.questions)
    print("| | with | without |", "|---|---|---|", sep="\n")
    for name in found["with"]:
        print(f"| {name} | {found['with'][name]:.1f} | {found['without'][name]:.1f} |")
    for name, (more, low, high) in found["with minus without"].items():
        verdict = "within noise" if low <= 0.0 <= high else "a difference"
        print(f"{name}: with minus without {more:+.1f}, 95 % [{low:+.1f}, {high:+.1f}]: {verdict}")
    if options.json:
        write_whole(options.json, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
