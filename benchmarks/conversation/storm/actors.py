"""Who does what a scene says: programs with goals, one that is killed, a person who answers, and who kills nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from avatar_ros.client import Avatar, NotReadyError
from avatar_ros.core.errors import StageError
from avatar_ros.core.types import Transcript

from ..kills import pid_of
from .evidence import now_s
from .scenes import Goal, Scene

if TYPE_CHECKING:
    from avatar_ros.ros.listener import Listener

#: Nothing takes longer than this, restarts of nodes and a very busy computer included, s.
LONGEST_S = 240.0
_PATIENCE_S = 20.0


@dataclass
class Deed:
    """What became of a goal. end: its result; of a service "" or why not; None: none came; accepted_s: when skills_node
    took it, s of the wall clock, 0: it did not.
    """

    goal: Goal
    sent_s: float = 0.0
    end_s: float = float("inf")
    end: Any = None
    cancelled_s: float | None = None
    answered_s: float | None = None
    accepted_s: float = 0.0


@dataclass
class Happenings:
    """(what, when) of a storm so far: what was asked for, said, killed; and what became of each goal."""

    events: list[tuple[str, float]] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str) -> float:
        """Now."""
        at_s = now_s()
        with self.lock:
            self.events.append((what, at_s))
        return at_s

    def within(self, what: str, from_s: float, until_s: float) -> bool:
        """Whether something whose name begins so happened in an interval."""
        with self.lock:
            return any(name.startswith(what) and from_s <= at_s <= until_s for name, at_s in self.events)


class Mortal:
    """A program in a process of its own, ready to be told what to do, and to be killed."""

    def __init__(self, namespace: str) -> None:
        command = [sys.executable, "-m", "benchmarks.conversation.storm.mortal", namespace]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, goal: Goal) -> None:
        """Have it send a goal. Raises StageError where it is not up."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise StageError("bench_client", "the client that is to be killed did not come up")
        self._process.stdin.write(json.dumps({"kind": goal.kind, "values": goal.values}) + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """At once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class Actors:
    """Plays scenes; what became of each goal is a Deed."""

    def __init__(self, listener: Listener, kiosk_pid: int, namespace: str) -> None:
        self._listener = listener
        self._kiosk_pid = kiosk_pid
        self._namespace = namespace
        self.happenings = Happenings()
        self.avatars = [Avatar(namespace), Avatar(namespace)]
        self._mortal = Mortal(namespace)

    def close(self) -> None:
        """All leave."""
        self._mortal.kill()
        for avatar in self.avatars:
            avatar.close()

    def play(self, scene: Scene) -> list[Deed]:
        """What became of each goal, in order."""
        began_s = now_s()
        deeds = [Deed(goal) for goal in scene.goals]
        self.happenings.deeds += deeds
        threads = [threading.Thread(target=self._perform, args=(deed, began_s), daemon=True) for deed in deeds]
        threads.append(threading.Thread(target=self._harm, args=(scene, began_s), daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, began_s + LONGEST_S - now_s()))
        return deeds

    # --- each on a thread of its own --------------------------------------------------------------------------------

    def _perform(self, deed: Deed, began_s: float) -> None:
        goal = deed.goal
        _sleep_until(began_s + goal.at_s)
        deed.sent_s = self.happenings.add(f"{goal.kind}{_how(goal)}")
        if goal.mortal:
            self._mortal.do(goal)
            return
        avatar = self.avatars[goal.number % len(self.avatars)]
        if goal.kind in ("say", "listen", "ask", "look_at", "gesture", "wear", "chat"):
            self._act(avatar, deed, began_s)
        else:
            try:
                getattr(avatar, goal.kind)(**goal.values)
                deed.end = ""
            except NotReadyError as error:
                deed.end = str(error)
        deed.end_s = now_s()

    def _act(self, avatar: Avatar, deed: Deed, began_s: float) -> None:
        goal = deed.goal
        task = getattr(avatar, goal.kind)(**goal.values, wait=False)
        if goal.cancel_s is not None:
            _sleep_until(began_s + goal.cancel_s, lambda: task.done)
            if not task.done:
                deed.cancelled_s = now_s()
                task.cancel()
        if goal.answer:
            self._answer(deed, task)
        try:
            deed.end = task.result(began_s + LONGEST_S - 2.0 - now_s())
        except TimeoutError:
            task.cancel()
        deed.accepted_s = task.accepted_ns * 1e-9

    def _answer(self, deed: Deed, task: Any) -> None:
        """A person says it, once it is waited for and would be heard."""
        waits = 0 if deed.goal.kind == "listen" else 1
        publisher = self._listener.publisher("speech/transcript")

        def asked() -> bool:
            if task.done:
                return True
            known = self._listener.node.get_subscriptions_info_by_topic("speech/transcript")
            names = {info.node_name for info in known}
            heard = "skills_node" in names and publisher.get_subscription_count() >= len(known)
            return task.news is not None and task.news.state == waits and heard

        if _sleep_until(now_s() + _PATIENCE_S, asked) and not task.done:
            deed.answered_s = self.happenings.add("talk")
            self._listener.send("speech/transcript", Transcript(text=deed.goal.answer))

    def _harm(self, scene: Scene, began_s: float) -> None:
        if scene.client_dies_s is not None:
            _sleep_until(began_s + scene.client_dies_s)
            self._mortal.kill()
            self.happenings.add("client")
            self._mortal = Mortal(self._namespace)
        if scene.kill is not None:
            node, at_s = scene.kill
            _sleep_until(began_s + at_s)
            if (pid := pid_of(self._kiosk_pid, node)) is not None:
                self.happenings.add(f"kill {node}")
                os.kill(pid, signal.SIGKILL)


def _how(goal: Goal) -> str:
    """What tells goals of a kind apart, for who looks for a reason."""
    return f" {goal.values['when']}" if "when" in goal.values else f" {goal.values.get('listening', '')}".rstrip()


def _sleep_until(at_s: float, unless: Callable[[], bool] = lambda: False) -> bool:
    """Whether `unless` came true."""
    while not unless():
        if (left_s := at_s - now_s()) <= 0:
            return False
        time.sleep(min(left_s, 0.02))
    return True
