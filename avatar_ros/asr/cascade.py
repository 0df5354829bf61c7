"""Two recognisers: the answers' grammar first, as sure as alone; what does not fit is written down by a second one for
any words, on a thread of its own.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Protocol, runtime_checkable

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.registry import Options
from .background_stream import BackgroundStream
from .base import ASR_BACKENDS, AsrSettings, Hypothesis, KnowsLanguages, Recogniser, RecognitionStream

_FIRST = "pocketsphinx"


@runtime_checkable
class MayHaveCompany(Protocol):
    """A Recogniser that leaves out what is not worth its while where another one hears the same."""

    not_alone: bool


class CascadeRecogniser:
    """A Recogniser. The second one is the setting `second`."""

    def __init__(self, settings: AsrSettings, own: Options) -> None:
        """own: the options of the second. Raises ConfigError where none is named, UnknownBackendError as make does."""
        if settings.second in ("", "cascade", _FIRST):
            raise ConfigError(
                "asr_second",
                f"backend is 'cascade', and `second` is '{settings.second}'; set it to a recogniser of any words: "
                "whisper, sherpa, sensevoice_sherpa or sensevoice",
            )
        self._first = ASR_BACKENDS.make(_FIRST, settings, own=own)
        if isinstance(self._first, MayHaveCompany):
            self._first.not_alone = True
        self._second: Recogniser = ASR_BACKENDS.make(settings.second, settings, own=own)
        self._worker: Executor | None = None

    def load(self) -> None:
        """Load both. Raises ConfigError as they do."""
        self._first.load()
        # On its own thread: what a library keeps for each thread is warm there.
        self._worker = ThreadPoolExecutor(1, "second-ear")
        self._worker.submit(self._second.load).result()

    @property
    def hears(self) -> tuple[str, ...]:
        """What the second does: the first is sure of its own sentences alone. () for any."""
        return self._second.hears if isinstance(self._second, KnowsLanguages) else ()

    def start(self) -> CascadeStream:
        """Begin an utterance."""
        assert self._worker is not None
        return CascadeStream(self._first.start(), BackgroundStream(self._second.start(), self._worker))

    def close(self) -> None:
        """Free both, once the second has ended what it is at."""
        self._first.close()
        if self._worker is not None:
            self._worker.shutdown()
            self._worker = None
        self._second.close()


class CascadeStream:
    """A RecognitionStream. What the first is sure of the second does not decode: the cores are the answer's."""

    def __init__(self, first: RecognitionStream, second: RecognitionStream) -> None:
        self._first = first
        self._second = second
        self._known = Hypothesis()
        self._kept: list[Pcm] = []  # what the second has not been given yet

    def accept(self, pcm: Pcm) -> None:
        """The next sound. In a pause the first tells within a hundredth of a second whether it is worth weighing a
        sentence; where it is not, or the sentence is none, the second decodes, on its own thread.
        """
        self._first.accept(pcm)
        self._known = self._first.partial()
        self._kept.append(pcm)
        if not self._known.complete:
            self._hand_over()

    def partial(self) -> Hypothesis:
        """The first's sentence, once it is sure of one, or nearly; before, the second's words, where it has any."""
        known, free = self._known, self._second.partial()
        return known if known.complete or known.events or not free.text else free

    def finish(self) -> Hypothesis:
        """What the first is sure of, or else what the second has written down."""
        known = self._first.finish()
        if known.rejected:
            self._hand_over()
            return self._second.finish()
        self._second.abandon()
        return known

    def abandon(self) -> None:
        """The result of neither is wanted."""
        self._first.abandon()
        self._second.abandon()

    def _hand_over(self) -> None:
        for pcm in self._kept:
            self._second.accept(pcm)
        self._kept.clear()
