"""The skills in a whole kiosk of fakes on a virtual clock."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import yaml

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import AgentState, PlaybackState
from avatar_ros.core.gestures import load_gestures
from avatar_ros.core.paths import share_file
from avatar_ros.core.peers import BEAT_S
from avatar_ros.core.stage import Port
from avatar_ros.core.tf_frames import Frames
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.stage import build as build_dialogue
from avatar_ros.motion.base import PORT as MOTION_PORT
from avatar_ros.motion.base import MotionSettings
from avatar_ros.motion.stage import build as build_motion
from avatar_ros.skills.base import PORT, SkillsSettings
from avatar_ros.skills.goals import End, Goal, News
from avatar_ros.skills.lives import FACE
from avatar_ros.skills.observed import Observed
from avatar_ros.skills.stage import SkillsStage
from fake_kiosk import Kiosk

#: What a node hears on demand is always heard here.
ALL = Port(subscribes=(*PORT.subscribes, *PORT.on_demand), publishes=PORT.publishes)
MOVEMENTS = load_gestures(yaml, share_file("config/gestures.yaml"))


class SkillsKiosk(Kiosk):
    """ends, news: by goal; deaf: topics that nobody reads; the test is the door."""

    def __init__(self, folder: Path, frames: Frames | None = None, **options: Any) -> None:
        super().__init__(folder, **options)
        self._frames = frames
        self.ends: dict[str, list[End]] = {}
        self.news: dict[str, list[News]] = {}
        self.ended_s: dict[str, float] = {}
        self.deaf: set[str] = set()
        self.face_life_ns = 0
        self._ids = count(1)
        self.skills = self.add_skills()
        self._beat_face()

    def add_skills(self) -> SkillsStage:
        observed = Observed(lambda topic: topic not in self.deaf, lambda topic: True)
        stage = SkillsStage(SkillsSettings(), MOVEMENTS, observed, self._frames)
        stage.doors = self
        self.add("skills", stage, ALL)
        self.skills = stage
        self.run(0.1)
        return stage

    def _beat_face(self) -> None:
        """The face says that it lives, as its node does; once it is removed, no more."""
        if "motion" in self._runners:
            self.skills.alive(FACE, self.face_life_ns, self.now_s)
        self._at(self.now_s + BEAT_S, self._beat_face)

    def restart_face(self) -> None:
        """It died, and forgot everything."""
        self.remove("motion")
        self.run(1.0)
        self.add_face()

    def add_face(self) -> None:
        """It is there again, and knows nothing."""
        self.face_life_ns = ns_from_s(self.now_s)
        self.add("motion", build_motion(MotionSettings(backend="fake")), MOTION_PORT)

    def restart_dialogue(self) -> None:
        """It died, and forgot everything."""
        self.remove("dialogue")
        self.run(0.5)
        self.add("dialogue", build_dialogue(self.dialogue_settings), DIALOGUE_PORT)
        self.run(0.1)

    # --- the door ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Nothing to be opened."""

    def close(self) -> None:
        """Nothing to be closed."""

    def feedback(self, id_: str, news: News) -> None:
        self.news.setdefault(id_, []).append(news)

    def finish(self, id_: str, end: End) -> None:
        self.ends.setdefault(id_, []).append(end)
        self.ended_s[id_] = self.now_s

    # --- a program --------------------------------------------------------------------------------------------------

    def start(self, goal: Goal) -> str:
        id_ = f"goal{next(self._ids)}"
        self.skills.start(id_, goal)
        self.run(0.01)
        return id_

    def cancel(self, id_: str) -> None:
        self.skills.cancel(id_)
        self.run(0.0)

    def end_of(self, id_: str, within_s: float = 60.0) -> Any:
        """The one result of a goal."""
        until_s = self.now_s + within_s
        while id_ not in self.ends and self.now_s < until_s:
            self.run(0.05)
        (end,) = self.ends[id_]
        return end

    def until_heard(self) -> None:
        """Some words of what is being said were heard."""
        self.until("speech/playback", state=PlaybackState.PLAYING)
        self.run(0.6)

    def ordered(self, action: Any) -> str:
        """What is answered to an order."""
        answers: list[str] = []
        self.skills.order(action, answers.append)
        self.run(4.0)
        (answer,) = answers
        return answer

    @property
    def state(self) -> AgentState:
        return self.moods[-1]
