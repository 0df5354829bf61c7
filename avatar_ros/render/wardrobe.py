"""Another avatar while the renderer runs: loaded beside the one that is shown, taken between two frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from ..core.errors import AvatarRosError
from ..core.events import Wear, WearResult
from .shown_head import Head

#: Of the words that a refusal gives (ros/message_limits.py).
_MOST_CHARACTERS = 900

#: What loading gives: a head, or on the renderer's thread what makes one.
Loaded = Head | Callable[[], Head]


class Wardrobe:
    """One wish at a time, the newest. All but `load` is called on the renderer's thread.

    load(wear): called on a thread of its own, `executor`'s. Raises AvatarRosError.
    """

    def __init__(self, load: Callable[[Wear], Loaded], executor: Executor | None = None) -> None:
        self._load = load
        self._executor = executor
        self._wish: Wear | None = None
        self._loading: Future[Loaded] | None = None
        self._results: deque[WearResult] = deque()
        self._worn = ""

    def ask(self, wear: Wear, shown: str) -> None:
        """Begin to load, in place of what is being loaded. shown: name of the avatar that is shown."""
        wished = self._wish.id if self._wish is not None else None
        if wear.withdraw:
            if wished == wear.id:
                self._give_up("withdrawn", shown)
            else:
                self._answer(wear, shown, "unknown_id")
        elif self._worn and wear.id == self._worn:  # said again to a renderer that may have been another one
            self._answer(wear, shown)
        else:
            self._give_up("replaced", shown)
            self._executor = self._executor or ThreadPoolExecutor(1, "avatar")
            self._wish, self._loading = wear, self._executor.submit(self._load, wear)

    def ready(self, shown: str) -> Head | None:
        """The head to be shown from now on, once it is loaded; else None. Raises what is no avatar's fault."""
        if self._wish is None or self._loading is None or not self._loading.done():
            return None
        wish, loading, self._wish, self._loading = self._wish, self._loading, None, None
        error = loading.exception()
        if error is not None and not isinstance(error, AvatarRosError):
            self._answer(wish, shown, "machine_failed: the computer ran short of something; see the renderer's log")
            raise error
        try:
            made = loading.result()
            head = made if isinstance(made, Head) else made()
        except AvatarRosError as refusal:
            self._answer(wish, shown, f"{refusal.code}: {refusal.text}"[:_MOST_CHARACTERS])
            return None
        self._worn = wish.id
        self._answer(wish, head.avatar.name)
        return head

    def results(self) -> Iterator[WearResult]:
        """What there is to be said, once."""
        while self._results:
            yield self._results.popleft()

    def close(self) -> None:
        """Load no more."""
        self._wish = None
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = None

    def _give_up(self, reason: str, shown: str) -> None:
        if self._wish is not None and self._loading is not None:
            self._answer(self._wish, shown, reason)
            self._loading.cancel()
            self._loading.add_done_callback(_forget)
        self._wish = self._loading = None

    def _answer(self, wear: Wear, shown: str, reason: str = "") -> None:
        self._results.append(WearResult(wear.session, wear.id, not reason, shown, reason))


def _forget(loading: Future[Loaded]) -> None:
    """Nobody wants it any more."""
    if not loading.cancelled() and loading.exception() is None and isinstance(loaded := loading.result(), Head):
        loaded.close()
