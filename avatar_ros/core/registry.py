"""Backends by name: looked up in a table, imported only when chosen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import UnknownBackendError


@dataclass(frozen=True)
class Backend:
    """Where a backend lives and how to get what it needs.

    target: "package.module:Class"; install: the group of requirements/ that brings its library ("edge"), or a command,
    or "" where nothing is needed.
    """

    target: str
    install: str = ""


#: Groups of requirements/ that every set-up brings.
_BASE = ("embedded", "aec", "no_deps")


def how_to_install(what: str) -> str:
    """What a user is told who lacks `what`, a group of requirements/ or a command.

    >>> how_to_install("edge")
    './avatar setup --with edge (by hand: requirements/edge.txt)'
    """
    if " " in what:
        return what
    chosen = "" if what in _BASE else f" --with {what}"
    return f"./avatar setup{chosen} (by hand: requirements/{what}.txt)"


class Registry:
    """The backends of one stage.

    >>> VAD_BACKENDS = Registry("vad", {"silero": Backend("avatar_ros.vad.silero:SileroVad", "embedded")})
    >>> VAD_BACKENDS.load("silero")        # the class, its module imported now
    """

    def __init__(self, stage: str, backends: Mapping[str, Backend]) -> None:
        self.stage = stage
        self._backends = dict(backends)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._backends)

    def items(self) -> tuple[tuple[str, Backend], ...]:
        """Each backend with its name."""
        return tuple(self._backends.items())

    def load(self, name: str) -> Any:
        """Import the backend `name` and return its class.

        Raises UnknownBackendError naming the stage, the known names and, where a library is missing, what installs it.
        """
        if name not in self._backends:
            raise UnknownBackendError(
                "unknown_backend",
                f"unknown {self.stage} backend '{name}'; known: {', '.join(self.names)}",
            )
        backend = self._backends[name]
        module, _, attribute = backend.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ImportError as error:
            remedy = f"; install it with: {how_to_install(backend.install)}" if backend.install else ""
            raise UnknownBackendError(
                "backend_not_installed", f"{self.stage} backend '{name}' cannot be imported: {error}{remedy}"
            ) from error
