"""The time of day may be set while all runs: waits and ages go by the steady clock, and the code shows that they do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from avatar_ros.core.clock import both_clocks

PACKAGE = Path(__file__).resolve().parents[3] / "avatar_ros"
#: Who asks for the time of day, and what for. Nobody waits by it.
TIME_OF_DAY = {
    "audio/portaudio.py": "ALSA may stamp with it: compared with the present within half a second",
    "bringup/certificate.py": "when a certificate ends",
    "commands/record.py": "when a recording was begun",
    "commands/replay_player.py": "the stamps of what is replayed",
    "core/run.py": "files are stamped with it; both clocks are kept, and the earlier counts",
    "dialogue/stage.py": "the restart counter, which the stored one may exceed",
    "ros/header_time.py": "stamps of headers, from which nothing is computed",
    "ros/listener.py": "stamps of headers",
    "ros/player.py": "stamps of headers",
    "ros/shared_memory.py": "how old a dead process's file is; one of the future stays",
}
# Parsing the others would take seconds.
_MAY = re.compile(r"create_timer|both_clocks\(|\.time(_ns)?\(|datetime|utcnow|today")
_ASKS = {"time", "time_ns", "now", "today", "utcnow"}


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """(file, call, what is called, with what stands before the dot)."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if _MAY.search(text) else ():
            if isinstance(node, ast.Call):
                yield str(path.relative_to(PACKAGE)), node, ast.unparse(node.func)


def test_nobody_new_asks_for_the_time_of_day() -> None:
    asking = {
        file for file, _, name in calls()
        if name == "both_clocks"
        or (name.rpartition(".")[2] in _ASKS and name.split(".")[0] in ("time", "datetime", "date", "dt"))
    }  # fmt: skip
    assert {file for file in asking if not file.startswith("testing/")} == set(TIME_OF_DAY)


def test_every_timer_of_ros_says_its_clock() -> None:
    """Rclpy's default is the node's clock, the time of day: set back by an hour, such a timer stands still for one."""
    timers = [(file, call) for file, call, name in calls() if name.endswith(".create_timer")]
    assert len(timers) > 5
    assert [file for file, call in timers if not any(keyword.arg == "clock" for keyword in call.keywords)] == []


def test_both_clocks_are_read_at_one_instant() -> None:
    """Another program runs for 3 ms between the first readings, then for 1 ms, then not."""
    now_ns, breaks_ns = 0, iter([0, 3_000_000, 0, 1_000_000, 0, 0])

    def read(offset_ns: int) -> int:
        nonlocal now_ns
        now_ns += 100
        return now_ns + offset_ns

    def wall_ns() -> int:
        nonlocal now_ns
        now_ns += next(breaks_ns)
        told = read(7_000)
        now_ns += next(breaks_ns)
        return told

    wall, steady = both_clocks(wall_ns, lambda: read(0))
    assert wall - steady == 7_000


def test_clocks_that_are_never_left_alone_are_read_as_near_as_can_be() -> None:
    breaks_ns = iter([9, 5, 1, 3, 8, 7, 6, 4])
    now_ns = 0

    def wall_ns() -> int:
        nonlocal now_ns
        now_ns += 1_000_000 * next(breaks_ns)
        return now_ns

    wall, steady = both_clocks(wall_ns, lambda: now_ns)
    assert wall - steady == 500_000, "half of the shortest break"
