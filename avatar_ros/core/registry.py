"""Backends by name: looked up in a table, or anybody's own as "package.module:Class"; imported only when chosen."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar, cast

from .errors import UnknownBackendError
from .loading import boundary, saying
from .settings import Settings

T = TypeVar("T")

#: A backend's name -> its own Settings.
Options = Mapping[str, Settings]
NO_OPTIONS: Options = {}


@dataclass(frozen=True)
class Backend:
    """Where a backend lives and how to get what it needs.

    target: "package.module:Class"; install: the group of requirements/ that brings its library ("edge"), or a command,
    or "" where nothing is needed; libraries: the modules that it brings; settings: where the class of its own options
    lives, "" where it has none: read without importing the libraries; composite: it is made of other backends, and
    given the options of all of them instead of its own.
    """

    target: str
    install: str = ""
    libraries: tuple[str, ...] = ()
    settings: str = ""
    composite: bool = False


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


def is_outside(name: str) -> bool:
    """Whether a backend's name is that of a class elsewhere, "package.module:Class"."""
    return ":" in name


def label(name: str) -> str:
    """What the parameters of a backend's own options stand under.

    >>> label("edge"), label("my_pkg.voice:MyVoice")
    ('edge', 'MyVoice')
    """
    return name.rpartition(":")[2]


class Registry(Generic[T]):
    """The backends of one stage, each a class that satisfies the Protocol T.

    >>> VAD_BACKENDS = Registry("vad", VoiceDetector, {"silero": Backend("avatar_ros.vad.silero:SileroVad")})
    >>> VAD_BACKENDS.make("silero", VadSettings())        # a VoiceDetector, its module imported now
    >>> VAD_BACKENDS.make("my_pkg.ears:MyVad", VadSettings())
    """

    def __init__(self, stage: str, protocol: type[T], backends: Mapping[str, Backend]) -> None:
        self.stage = stage
        self._protocol = protocol
        self._backends = dict(backends)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._backends)

    def items(self) -> tuple[tuple[str, Backend], ...]:
        """Each backend with its name."""
        return tuple(self._backends.items())

    def make(self, name: str, *given: Any, own: Options = NO_OPTIONS) -> T:
        """A backend: `Class(*given)`, or `Class(*given, options)` where it has options of its own.

        own: backends' names with their options; the defaults count for one that is not in it. Raises
        UnknownBackendError as `load` does, and where what was made lacks an attribute.
        """
        kind, options = cast(Any, self.load(name)), self.settings_class(name)
        if self._find(name).composite:
            made = kind(*given, own)
        else:
            made = kind(*given) if options is None else kind(*given, own.get(name) or options())
        if lacking := [f"the attribute '{item}'" for item in _attributes(self._protocol) if not hasattr(made, item)]:
            raise self._unfit(name, lacking)
        return cast(T, made)

    def load(self, name: str) -> type[T]:
        """Import the backend `name` and return its class.

        Raises UnknownBackendError naming the stage, and: the known names; what installs a library that is missing; the
        file and line of what else went wrong with the import; what the class lacks of the room's Protocol.
        """
        backend = self._find(name)
        kind = self._imported(name, backend.target, backend)
        if not isinstance(kind, type):
            raise UnknownBackendError("backend_unfit", f"{self.stage} backend '{name}' is no class")
        if lacking := list(_lacking(self._protocol, kind)):
            raise self._unfit(name, lacking)
        return kind

    def settings_class(self, name: str) -> type[Settings] | None:
        """The class of the backend's own options; None where it has none. Its libraries are not imported for it, but
        for one from outside, whose class says it as `Settings`. Raises UnknownBackendError.
        """
        backend = self._find(name)
        if is_outside(name):
            found = getattr(self.load(name), "Settings", None)
        else:
            found = self._imported(name, backend.settings, backend) if backend.settings else None
        if found is not None and not (isinstance(found, type) and issubclass(found, Settings)):
            raise self._unfit(name, ["a Settings that derives from avatar_ros.core.settings.Settings"])
        return found

    def options(self, name: str, **values: Any) -> Options:
        """The backend's own options, with those of `values` that are among them, as `make` takes them."""
        kind = self.settings_class(name)
        known = {item.name for item in fields(kind)} if kind else set()
        return {name: kind(**{key: value for key, value in values.items() if key in known})} if kind else NO_OPTIONS

    def _find(self, name: str) -> Backend:
        if name in self._backends:
            return self._backends[name]
        module, _, attribute = name.partition(":")
        if all(part.isidentifier() for part in (*module.split("."), attribute)):
            return Backend(name, "pip, or set PYTHONPATH to where it lies")
        raise UnknownBackendError(
            "unknown_backend",
            f"unknown {self.stage} backend '{name}'; known: {', '.join(self.names)}; one of your own: "
            "package.module:Class",
        )

    def _imported(self, name: str, target: str, backend: Backend) -> Any:
        module, _, attribute = target.partition(":")
        if is_outside(name) and os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        what = f"{self.stage} backend '{name}' cannot be imported"
        with boundary(what, UnknownBackendError, "backend_broken", describe=_place):
            try:
                return getattr(importlib.import_module(module), attribute)
            except ImportError as error:
                if not (_within(module, error.name) or any(_within(error.name, known) for known in backend.libraries)):
                    raise
                remedy = f"; install it with: {how_to_install(backend.install)}" if backend.install else ""
                raise UnknownBackendError("backend_not_installed", f"{what}: {error}{remedy}") from error

    def _unfit(self, name: str, lacking: list[str]) -> UnknownBackendError:
        protocol = f"{self._protocol.__module__}.{self._protocol.__qualname__}"
        text = f"{self.stage} backend '{name}' lacks {', '.join(lacking)}; see {protocol}"
        return UnknownBackendError("backend_unfit", text)


def _within(module: str | None, package: str | None) -> bool:
    return f"{module}.".startswith(f"{package}.")


def _place(fault: Exception) -> str:
    """Where and how an import failed."""
    if isinstance(fault, SyntaxError):
        return f"{fault.filename} line {fault.lineno}: {type(fault).__name__}: {fault.msg}"
    passing = (__file__, importlib.__file__)
    frames = [
        frame
        for frame in traceback.extract_tb(fault.__traceback__)
        if frame.filename not in passing and not frame.filename.startswith("<frozen")
    ]
    return "".join(f"{frame.filename} line {frame.lineno}: " for frame in frames[-1:]) + saying(fault)


def _attributes(protocol: type) -> list[str]:
    return [*protocol.__annotations__, *(name for name, item in vars(protocol).items() if isinstance(item, property))]


def _lacking(protocol: type, kind: type) -> Iterator[str]:
    """Methods of the Protocol that a class lacks, or that cannot be called as they are."""
    for name, wanted in vars(protocol).items():
        if name.startswith("_") or not inspect.isfunction(wanted):
            continue
        parameters = list(inspect.signature(wanted).parameters)
        shown = f"{name}({', '.join(parameters[1:])})"
        found = inspect.getattr_static(kind, name, None)
        if not callable(getattr(kind, name, None)):
            yield f"the method {shown}"
        elif inspect.isfunction(found) and not _takes(found, parameters):
            yield f"a {name} that can be called as {shown}"


def _takes(method: Any, arguments: list[str]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    return True
