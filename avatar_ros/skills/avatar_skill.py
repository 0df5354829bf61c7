"""The skill SetAvatar: another face, once the renderer has loaded it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..core.events import Wear, WearResult
from ..core.stage import Out
from ..core.topics import Message
from .goals import SetAvatarEnd, SetAvatarGoal, SetAvatarNews
from .skill import Skill, Surroundings

#: After a withdrawal the renderer's last word is waited for so long, s.
_LAST_WORD_S = 1.0
#: How often it is told how long that takes, s.
_NEWS_S = 0.5


class SetAvatarSkill(Skill):
    """The wish stands on `wear` for a renderer that starts again; a refused one gives way to the last good one."""

    group = "avatar"

    def __init__(self, goal: SetAvatarGoal, around: Surroundings) -> None:
        super().__init__()
        self._around = around
        self._wish = Wear(around.settings.session, around.id, goal.avatar.strip(), goal.axes)
        self._began_s = 0.0
        self._given_up: tuple[str, float] | None = None  # why, and when

    def begin(self, now_s: float) -> Iterable[Out]:
        """Ask the renderer, if there is one."""
        self._began_s = now_s
        if not self._wish.avatar:
            self.end = SetAvatarEnd(reason="empty_avatar")
        elif not self._around.observed.reachable("wear"):
            self.end = SetAvatarEnd(reason="no_renderer")
        else:
            yield Out("wear", self._wish)

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """The renderer's answer."""
        if not isinstance(message, WearResult) or message.id != self._wish.id or self.end is not None:
            return
        if message.done:
            self._around.worn.wish = self._wish
        reason = self._given_up[0] if self._given_up is not None and not message.done else message.reason
        self.end = SetAvatarEnd(message.done, message.avatar, reason)
        if not message.done and self._given_up is None:
            yield self._stands()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Nobody waits for ever."""
        waited_s = now_s - self._began_s
        self.news = SetAvatarNews(waited_s // _NEWS_S * _NEWS_S)
        if self.end is None and waited_s > self._around.settings.avatar_wait_s:
            yield from self.stop("no_answer", now_s)
        if self.end is None and self._given_up is not None and now_s - self._given_up[1] > _LAST_WORD_S:
            self.end = SetAvatarEnd(reason=self._given_up[0])

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Take the wish back; it may have come true meanwhile, and the renderer then says so."""
        if self.end is None and self._given_up is None:
            self._given_up = (reason, now_s)
            yield Out("wear", replace(self._wish, avatar="", withdraw=True))
            if self._around.worn.wish is not None:
                yield self._stands()

    def _stands(self) -> Out:
        """What a renderer that is started again should read."""
        last = self._around.worn.wish
        return Out("wear", last if last is not None else replace(self._wish, avatar="", withdraw=True))
