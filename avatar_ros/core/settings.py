"""Settings: frozen dataclasses whose fields say what they mean and what they may be.

A field is declared once, here, and becomes a ROS parameter (ros/params.py), a row of docs/parameters.md and a
check, without its name being written again:

    @dataclass(frozen=True)
    class VadSettings(Settings):
        stop_silence_s: float = setting(0.5, "silence that ends an utterance, s", low=0.1, high=5.0)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from .errors import ConfigError


def setting(
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    fixed: bool = False,
    live: bool = False,
    renamed: Mapping[str, str] | None = None,
    formerly: str = "",
) -> Any:
    """A field of a Settings class: default, one line of description with the unit, inclusive range or choices.

    fixed: it counts from the process's start to its end; live: a change counts at once (`retune`); renamed: values of
    earlier versions, and their present names; formerly: of a backend's own option, what it was called among the room's
    parameters in earlier versions, where that was something else.
    """
    meta = {"description": description, "low": low, "high": high, "choices": choices, "fixed": fixed, "live": live}
    meta["formerly"] = formerly
    return field(default=default, metadata={**meta, "renamed": renamed or {}})


@dataclass(frozen=True)
class Settings:
    """Base of all settings; construction checks type, range and choices and raises ConfigError."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = _as_number(item.default, getattr(self, item.name))
            object.__setattr__(self, item.name, today(item, value))
            _check(type(self).__name__, item.name, getattr(self, item.name), item.default, item.metadata)


def retune(settings: Settings, values: Mapping[str, Any]) -> None:
    """Change live fields of settings that are in use. Raises ConfigError; then nothing was changed.

    They are frozen to all but the node: who was given them reads a live field when it is used, and keeps no copy.
    """
    changed = replace(settings, **values)
    for name in values:
        object.__setattr__(settings, name, getattr(changed, name))


def today(item: Any, value: Any) -> Any:
    """The value of a field under its present name."""
    return item.metadata.get("renamed", {}).get(value, value) if isinstance(value, str) else value


def _as_number(default: Any, value: Any) -> Any:
    """1 for a float and 1e3 for an int are what was meant."""
    if type(default) is float and type(value) is int:
        return float(value)
    return int(value) if type(default) is int and type(value) is float and value.is_integer() else value


def _check(owner: str, name: str, value: Any, default: Any, meta: Mapping[str, Any]) -> None:
    if isinstance(default, tuple):
        if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
            raise ConfigError("parameter_type", f"parameter '{name}' must be a list of texts, not {value!r}")
        return
    if type(value) is not type(default):
        quoted = isinstance(value, str) and not isinstance(default, str)
        raise ConfigError(
            "parameter_type",
            f"parameter '{name}' must be {type(default).__name__}, not {type(value).__name__} ({value!r})"
            + ("; write it without quotes" if quoted else ""),
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError("parameter_range", f"parameter '{name}' is {value}; it must be a number ({owner})")
    low, high, choices = meta.get("low"), meta.get("high"), meta.get("choices")
    if low is not None and not low <= value:
        raise ConfigError("parameter_range", f"parameter '{name}' is {value}; it must be at least {low} ({owner})")
    if high is not None and not value <= high:
        raise ConfigError("parameter_range", f"parameter '{name}' is {value}; it must be at most {high} ({owner})")
    if choices and value not in choices:
        known = ", ".join(choices)
        raise ConfigError("parameter_choice", f"parameter '{name}' is '{value}'; it must be one of {known}")
