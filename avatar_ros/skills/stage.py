"""The skills as a stage: goals in, orders to the pipeline out; feedback and one result for each goal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from ..core.enums import ControlAction, SayWhen
from ..core.events import AvatarState, Gesture, Say
from ..core.gestures import Movements
from ..core.stage import Out, Stage
from ..core.tf_frames import Frames, OwnFrames
from ..core.topics import Message
from .ask_skill import AskSkill
from .avatar_skill import SetAvatarSkill
from .base import SkillsSettings
from .chat_skill import ChatSkill
from .face_orders import FaceOrders
from .face_skills import GestureSkill, LookAtSkill
from .goals import AskGoal, ChatGoal, End, GestureGoal, Goal, ListenGoal, LookAtGoal, News, SayGoal, SetAvatarGoal
from .listen_skill import ListenSkill
from .observed import Observed
from .orders import Orders
from .said_text import ID_PREFIX
from .say_skill import SaySkill
from .skill import Skill, Surroundings

#: How often skills are looked at while there are any, s.
TICK_S = 0.05
#: At its end nobody's word is waited for: as if so much time had passed, s.
_GIVE_UP_S = 60.0
#: Who was not asked to look for so long stood still itself, s.
_ASLEEP_S = 1.0
SKILLS: Mapping[type[Goal], Any] = {
    SayGoal: SaySkill,
    ListenGoal: ListenSkill,
    AskGoal: AskSkill,
    LookAtGoal: LookAtSkill,
    GestureGoal: GestureSkill,
    ChatGoal: ChatSkill,
    SetAvatarGoal: SetAvatarSkill,
}


class Doors(Protocol):
    """Where goals come in, and where it is told what becomes of them: on the stage's thread."""

    def open(self) -> None:
        """Goals may come."""

    def close(self) -> None:
        """None come any more."""

    def feedback(self, id_: str, news: News) -> None:
        """How far a goal is, when that changes."""

    def finish(self, id_: str, end: End) -> None:
        """The one result of a goal."""


class SkillsStage(Stage):
    """`start`, `cancel`, `order` and `alive` may be called from any thread; all else happens in `tick` and `push`."""

    def __init__(
        self, settings: SkillsSettings, movements: Movements, observed: Observed, frames: Frames | None = None
    ) -> None:
        super().__init__()
        self.tick_period_s = TICK_S
        self.doors: Doors | None = None
        self._settings = settings
        self._around = Surroundings(settings, observed, movements, frames=frames or OwnFrames())
        self._observed = observed
        self._skills: dict[str, Skill] = {}
        self._clients: dict[str, str] = {}  # goal -> who looks after it
        self._since_s: dict[str, float] = {}  # client -> when it gave its first goal
        self._looked_s = 0.0
        self._told: dict[str, News] = {}
        self._orders = Orders(settings.session, observed)
        self._faces = FaceOrders(self._around.lives, observed.reachable)
        self._inbox: deque[Callable[[float], Iterable[Out]]] = deque()
        self._served = 0

    def load(self) -> None:
        """Open the doors."""
        if self.doors is not None:
            self.doors.open()

    def close(self) -> None:
        """Shut them."""
        if self.doors is not None:
            self.doors.close()

    # --- from other threads ---------------------------------------------------------------------------------------

    def start(self, id_: str, goal: Goal) -> None:
        """A goal was accepted. On the executor's thread, where it is a LookAt."""
        if isinstance(goal, LookAtGoal):
            self._around.frames.hear_of(goal.frame_id)
        self._inbox.append(partial(self._start, id_, goal))
        self.wake()

    def cancel(self, id_: str) -> None:
        """A client wants its goal no more."""
        self._inbox.append(partial(self._stop, id_, "cancelled"))
        self.wake()

    def order(self, action: ControlAction | SayWhen | Gesture, answer: Callable[[str], None]) -> None:
        """Something for the conversation as a whole; answer(""): done, else why not."""
        self._inbox.append(partial(self._order, action, answer))
        self.wake()

    def alive(self, name: str, life: int, now_s: float) -> None:
        """A client, or a node, says that it lives."""
        self._around.lives.heard(name, life, now_s)

    def topics_for(self, goal: Goal) -> frozenset[str]:
        """Topics on demand that a goal needs."""
        topics: frozenset[str] = SKILLS[type(goal)].topics
        return topics

    def needs_lives(self, goal: Goal) -> bool:
        """Whether what is said on `alive` must be heard for a goal."""
        return bool(goal.client or SKILLS[type(goal)].needs_lives)

    @property
    def idle(self) -> bool:
        """Whether no goal is under way, nor about to be."""
        return not self._skills and not self._inbox

    # --- on the stage's thread ------------------------------------------------------------------------------------

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Tell every skill."""
        if getattr(message, "session", self._settings.session) != self._settings.session:
            return
        self._observed.take(message)
        if isinstance(message, AvatarState):
            yield from self._take_back(message)
            yield from self._orders.tick(now_s)
        for skill in tuple(self._skills.values()):
            yield from skill.push(topic, message, now_s)
        self._report()

    def tick(self, now_s: float) -> Iterable[Out]:
        """What has come from other threads, and what is due."""
        self._forgive_own_sleep(now_s)
        while self._inbox:
            yield from self._inbox.popleft()(now_s)
        for id_ in [id_ for id_, client in self._clients.items() if self._is_dead(client, now_s)]:
            yield from self._stop(id_, "client_lost", now_s)
        for skill in tuple(self._skills.values()):
            yield from skill.tick(now_s)
        yield from self._orders.tick(now_s)
        yield from self._faces.tick(now_s)
        self._report()
        pending = self._skills or self._orders.pending or self._faces.pending
        self.tick_period_s = TICK_S if pending else 0.0

    def status(self) -> Mapping[str, str]:
        """Goals so far, and now."""
        return {"goals": str(len(self._skills)), "goals_served": str(self._served)}

    def deactivate(self, now_s: float) -> Iterable[Out]:
        """Every client is told; nothing is left behind."""
        for id_ in tuple(self._skills):
            yield from self._stop(id_, "shutdown", now_s)
        for skill in tuple(self._skills.values()):
            yield from skill.tick(now_s + _GIVE_UP_S)
        self._report()
        self._orders.give_up("shutdown")
        self._faces.give_up("shutdown")

    # --- machinery ------------------------------------------------------------------------------------------------

    def _start(self, id_: str, goal: Goal, now_s: float) -> Iterable[Out]:
        skill = SKILLS[type(goal)](goal, replace(self._around, id=id_))
        for other_id, other in tuple(self._skills.items()):
            if skill.group and other.group == skill.group:
                yield from self._stop(other_id, "replaced", now_s)
        self._skills[id_] = skill
        if goal.client:
            self._clients[id_] = goal.client
            self._since_s[goal.client] = now_s
        yield from skill.begin(now_s)
        self._report()

    def _stop(self, id_: str, reason: str, now_s: float) -> Iterable[Out]:
        if (skill := self._skills.get(id_)) is not None:
            yield from skill.stop(reason, now_s)
            self._report()

    def _order(
        self, action: ControlAction | SayWhen | Gesture, answer: Callable[[str], None], now_s: float
    ) -> Iterable[Out]:
        if action is SayWhen.STOP:
            yield from self._orders.stop(answer, now_s)
            for id_ in tuple(self._skills):
                yield from self._stop(id_, "stopped", now_s)
        elif isinstance(action, Gesture):
            yield from self._faces.give(action, answer, now_s)
        elif isinstance(action, ControlAction):
            yield from self._orders.give(action, answer, now_s)

    def _take_back(self, state: AvatarState) -> Iterable[Out]:
        """Words of a skills node that died before this one: nobody waits for them."""
        own = state.say.removeprefix(ID_PREFIX).partition("/")[0]
        if state.say.startswith(ID_PREFIX) and own not in self._skills:
            yield Out("say", Say(self._settings.session, state.say, when=SayWhen.WITHDRAW))

    def _forgive_own_sleep(self, now_s: float) -> None:
        """Where this process stood still, the silence was its own."""
        slept_s = now_s - self._looked_s
        self._looked_s = now_s
        if slept_s > _ASLEEP_S and self.tick_period_s:
            self._since_s = {client: at_s + slept_s for client, at_s in self._since_s.items()}
            self._around.lives.forgive(slept_s, now_s)

    def _is_dead(self, client: str, now_s: float) -> bool:
        heard_s = max(self._since_s.get(client, now_s), self._around.lives.heard_s(client))
        return now_s - heard_s > self._settings.client_silent_s

    def _report(self) -> None:
        for id_, skill in tuple(self._skills.items()):
            if skill.end is not None:
                self._finish(id_, skill.end)
            elif skill.news is not None and skill.news != self._told.get(id_):
                self._told[id_] = skill.news
                if self.doors is not None:
                    self.doors.feedback(id_, skill.news)

    def _finish(self, id_: str, end: End) -> None:
        del self._skills[id_]
        self._told.pop(id_, None)
        client = self._clients.pop(id_, "")
        if client not in self._clients.values():
            self._since_s.pop(client, None)
        self._served += 1
        if self.doors is not None:
            self.doors.finish(id_, end)
