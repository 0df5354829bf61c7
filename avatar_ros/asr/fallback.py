"""A recogniser with another one in its place where its library or its model is missing: said in diagnostics."""

from __future__ import annotations

from ..core.errors import ConfigError
from .base import ASR_BACKENDS, AsrSettings, Recogniser, RecognitionStream

_MISSPELT = "unknown_backend"


class RecogniserWithFallback:
    """Recogniser. Decides once, when it is loaded; a backend whose name nobody knows stays an error.

    warning: why the fallback hears, "" where the wanted backend does.
    """

    def __init__(self, settings: AsrSettings) -> None:
        self._settings = settings
        self._chosen: Recogniser | None = None
        self.warning = ""

    def load(self) -> None:
        """Load the wanted backend, else the fallback. Raises ConfigError where that cannot be loaded either."""
        wanted, fallback = self._settings.backend, self._settings.fallback
        self.warning = ""
        try:
            self._chosen = _loaded(wanted, self._settings)
        except ConfigError as error:
            if error.code == _MISSPELT:
                raise
            self._chosen = _loaded(fallback, self._settings)
            self.warning = f"{fallback} hears in place of {wanted}: {error.text}"

    def start(self) -> RecognitionStream:
        """Begin an utterance."""
        assert self._chosen is not None
        return self._chosen.start()

    def close(self) -> None:
        """Free the model."""
        if self._chosen is not None:
            self._chosen.close()
            self._chosen = None


def _loaded(name: str, settings: AsrSettings) -> Recogniser:
    recogniser: Recogniser = ASR_BACKENDS.load(name)(settings)
    recogniser.load()
    return recogniser
