"""A recogniser with a fallback where its library or its model is missing: said in diagnostics."""

from __future__ import annotations

from ..core.errors import ConfigError
from ..core.fallback import Fallback
from ..core.registry import NO_OPTIONS, Options
from .base import ASR_BACKENDS, AsrSettings, KnowsLanguages, Recogniser, RecognitionStream

#: Faults of whoever chose or wrote the backend.
_NO_BACKEND = ("unknown_backend", "backend_unfit")


class RecogniserWithFallback:
    """Recogniser. Decides once, when it is loaded; a name that nobody knows, or a class that is no recogniser, stays an
    error.

    warning: why the fallback is in use, "" where the wanted backend is.
    """

    def __init__(self, settings: AsrSettings, own: Options = NO_OPTIONS) -> None:
        self._settings = settings
        self._own = own
        self._chosen: Recogniser | None = None
        self.warning = ""

    def load(self) -> None:
        """Load the wanted backend, else the fallback. Raises ConfigError where that cannot be loaded either."""
        state = Fallback(self._settings.backend, self._settings.fallback)
        try:
            self._chosen = self._loaded(self._settings.backend)
        except ConfigError as error:
            if error.code in _NO_BACKEND:
                raise
            self._chosen = self._loaded(self._settings.fallback)
            state.failed(error.text)
        self.warning = state.warning

    @property
    def hears(self) -> tuple[str, ...]:
        """Languages of the one in use; () for any."""
        return self._chosen.hears if isinstance(self._chosen, KnowsLanguages) else ()

    def start(self) -> RecognitionStream:
        """Begin an utterance."""
        assert self._chosen is not None
        return self._chosen.start()

    def close(self) -> None:
        """Free the model."""
        if self._chosen is not None:
            self._chosen.close()
            self._chosen = None

    def _loaded(self, name: str) -> Recogniser:
        recogniser = ASR_BACKENDS.make(name, self._settings, own=self._own)
        recogniser.load()
        return recogniser
