"""Whether somebody is there, has come, has gone, and for how long nobody was. Pure: time is an argument."""

from __future__ import annotations

from enum import Enum

from .base import PeopleSettings


class PresenceNews(Enum):
    """What has just become true."""

    CAME = "came"
    GONE = "gone"
    LONG_ALONE = "long alone"


class VisitorPresence:
    """Told whether somebody is near; forgiving of pictures in which a face is missed."""

    def __init__(self, settings: PeopleSettings) -> None:
        self._settings = settings
        self.present = False
        self._since_s: float | None = None  # somebody is near
        self._seen_s: float | None = None  # somebody was last near
        self._alone_since_s: float | None = None

    def update(self, near: bool, now_s: float) -> list[PresenceNews]:
        """What follows from this picture."""
        settings = self._settings
        if near:
            self._seen_s = now_s
            self._since_s = now_s if self._since_s is None else self._since_s
        elif self._seen_s is None or now_s - self._seen_s > min(settings.gone_s, settings.came_s):
            self._since_s = None
        if self._alone_since_s is None and not self.present:
            self._alone_since_s = now_s
        if not self.present and self._since_s is not None and now_s - self._since_s >= settings.came_s:
            self.present, self._alone_since_s = True, None
            return [PresenceNews.CAME]
        if self.present and self._seen_s is not None and now_s - self._seen_s > settings.gone_s:
            self.present, self._since_s, self._alone_since_s = False, None, now_s
            return [PresenceNews.GONE]
        return self._alone(now_s)

    def blind(self) -> None:
        """Nothing is seen: nobody knows whether anybody is there."""
        self._since_s = self._seen_s = self._alone_since_s = None
        self.present = False

    def stay_awake(self, now_s: float) -> None:
        """Somebody speaks, or is spoken to: the time alone begins anew."""
        if self._alone_since_s is not None:
            self._alone_since_s = now_s

    def _alone(self, now_s: float) -> list[PresenceNews]:
        after_s = self._settings.sleep_after_s
        if not after_s or self._alone_since_s is None or now_s - self._alone_since_s < after_s:
            return []
        self._alone_since_s = now_s
        return [PresenceNews.LONG_ALONE]
