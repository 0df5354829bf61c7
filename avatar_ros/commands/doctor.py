"""`./avatar doctor`: tries the real parts, one by one, and says what to do about what does not work."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from ..core.outputs import check_output, write_whole
from ..core.terminal import printable
from . import checks, checks_optional
from .checks import CheckResult

#: What the kiosk cannot do without comes first; the rest makes it better.
CHECKS: tuple[tuple[str, bool, Callable[[], CheckResult]], ...] = (
    ("computer", True, checks.computer),
    ("ROS 2", True, checks.ros),
    ("network", False, checks.network),
    ("messages", True, checks.messages),
    ("rasteriser", True, checks.rasteriser),
    ("built-in avatar", True, checks.built_in_avatar),
    ("voice detection", True, checks.loads("vad", "VadSettings")),
    ("speech recognition", True, checks.loads("asr", "AsrSettings", "loads with the grammar of the answers file")),
    ("answers", True, checks.loads("llm", "LlmSettings")),
    ("voice", True, checks.tts),
    ("lips", True, checks.motion),
    ("recording", True, checks.recording),
    ("microphone", False, checks.microphone),
    ("loudspeaker", False, checks.loudspeaker),
    ("echo cancellation", False, checks.echo_cancellation),
    ("libraries", False, checks_optional.libraries),
    ("models", False, checks_optional.models),
    ("keys", False, checks_optional.keys),
    ("services", False, checks_optional.services),
    ("screen", False, checks.screen),
    ("GPU", False, checks.gpu),
)


@dataclass(frozen=True)
class CheckLine:
    """One check's result. state: "ok", "missing" (the kiosk goes on without it) or "broken" (it cannot)."""

    name: str
    state: str
    detail: str
    remedy: str
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--json", metavar="FILE", help="write the findings as JSON too")


def run(options: argparse.Namespace) -> int:
    """0: the kiosk can run here; 1: something it needs is broken."""
    if options.json:
        check_output("--json", options.json)
    lines = []
    for name, needed, check in CHECKS:
        line = examine(name, needed, check)
        lines.append(line)
        print(printable(text_of(line)), flush=True)
    if options.json:
        write_whole(options.json, json.dumps([asdict(line) for line in lines], indent=1))
    broken = [line.name for line in lines if line.state == "broken"]
    verdict = f"The kiosk cannot run here: {', '.join(broken)}." if broken else "The kiosk can run here: ./avatar kiosk"
    print(f"\n{verdict}")
    return int(bool(broken))


def examine(name: str, needed: bool, check: Callable[[], CheckResult]) -> CheckLine:
    """Run one check; what it raises of the kinds that missing parts cause becomes its finding."""
    started_s = time.monotonic()
    try:
        finding = check()
    except checks.CAUSES as error:
        finding = CheckResult(False, str(error).splitlines()[0] if str(error) else type(error).__name__)
    state = "ok" if finding.good else ("broken" if needed else "missing")
    return CheckLine(name, state, finding.detail, finding.remedy, round(time.monotonic() - started_s, 2))


def text_of(line: CheckLine) -> str:
    """Two lines at most: what was found, and what to do."""
    sign = {"ok": "ok     ", "missing": "missing", "broken": "BROKEN "}[line.state]
    text = f"{sign}  {line.name:<18}  {line.detail}"
    return text + (f"\n{'':29}-> {line.remedy}" if line.remedy and line.state != "ok" else "")
