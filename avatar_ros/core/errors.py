"""The error tree. Every error has a stable code, and a text that says what was wrong, where, and what to do.

AvatarRosError
├── ConfigError            the user asked for something that cannot be: exit code 2, no restart
│   ├── UnknownBackendError
│   └── AvatarError        an avatar file that cannot be shown
├── MachineError           memory, disk, descriptors or a device failed (core/machine.py): tried again, with back-off
└── StageError             a stage failed at its work; `retryable` says whether trying again can help
    ├── MicError, VadError, AsrError, LlmError, TtsError
    └── EncoderError, MotionError, RenderError, SpeakerError
"""

from __future__ import annotations

from .terminal import printable, printable_line


class AvatarRosError(Exception):
    """Base of all errors of this package.

    code: stable snake_case name, for diagnostics and tests; the text is for people and may change. It ends on terminals
    and in logs, so what it quotes of names and files is made printable.
    """

    def __init__(self, code: str, text: str = "", *, retryable: bool = False) -> None:
        super().__init__(printable(text or code))
        self.code = code
        self.retryable = retryable

    @property
    def text(self) -> str:
        """One line for people, without the code."""
        return str(self)


class ConfigError(AvatarRosError):
    """A parameter, argument or file that cannot be used; ends a process with exit code 2. Always one line."""

    def __init__(self, code: str, text: str = "", *, retryable: bool = False) -> None:
        super().__init__(code, printable_line(text), retryable=retryable)


class UnknownBackendError(ConfigError):
    """A backend name that is not in the registry, or whose library is not installed."""


class AvatarError(ConfigError):
    """An avatar file that is missing parts, damaged or unsafe."""


class MachineError(AvatarRosError):
    """The machine ran short or failed; nothing is wrong with what the user asked for."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, text, retryable=True)


class StageError(AvatarRosError):
    """A stage that failed at its work and stays up."""


class MicError(StageError):
    """Capture failed."""


class VadError(StageError):
    """Voice activity detection failed."""


class AsrError(StageError):
    """Recognition failed."""


class LlmError(StageError):
    """No answer."""


class TtsError(StageError):
    """Synthesis failed."""


class EncoderError(StageError):
    """Encoding speech to features failed."""


class MotionError(StageError):
    """Features could not become expressions."""


class RenderError(StageError):
    """A frame could not be drawn."""


class SpeakerError(StageError):
    """Playback failed."""
