"""The report file: {"turns": [{"turn", "transcript", "reply", …, "ms": {"voice_stop": …, "first_sound": …}}, …]}."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.events import TurnReport
from ..core.private import write_private
from ..core.run import begun_in_this_run
from .turns import STEPS


def turn_as_dict(report: TurnReport) -> dict[str, Any]:
    """A turn as JSON has it. ms: milliseconds from the end of the user's speech, null where it did not happen."""
    return {
        "turn": report.turn,
        "epoch": report.epoch,
        "utterance": report.utterance,
        "transcript": report.transcript,
        "reply": report.reply,
        "spoken": report.spoken,
        "interrupted": report.interrupted,
        "ms": {step: _number(getattr(report, f"{step}_ms")) for step in STEPS},
    }


class ReportFile:
    """Rewritten after each turn, whole or not at all, so that whoever reads it finds valid JSON."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._turns: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Write an empty report, or go on with that of this run. Raises ConfigError where it cannot be written."""
        try:
            if begun_in_this_run(self._path):
                self._turns = _turns_in(self._path)
            self._write()
        except OSError as error:
            raise ConfigError("report_unwritable", f"cannot write the report {self._path}: {error.strerror}") from error

    @property
    def answers(self) -> int:
        """Turns of this run that were heard before the monitor was started again."""
        return sum(turn["ms"]["first_sound"] is not None for turn in self._turns)

    def add(self, report: TurnReport) -> None:
        """Append a turn. Raises OSError where the disk is full or gone."""
        self._turns.append(turn_as_dict(report))
        self._write()

    def _write(self) -> None:
        write_private(self._path, json.dumps({"turns": self._turns}, ensure_ascii=False, indent=2) + "\n")


def _turns_in(path: Path) -> list[dict[str, Any]]:
    """What was written of this run; nothing where somebody else wrote the file meanwhile."""
    try:
        turns = json.loads(path.read_text(encoding="utf-8"))["turns"]
        good = all(turn["ms"].keys() >= {"first_sound"} for turn in turns)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []
    return turns if good and isinstance(turns, list) else []


def _number(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None
