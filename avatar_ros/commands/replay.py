"""`./avatar replay`: a recorded conversation drives renderer and loudspeaker of today."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..bringup.graph import DISPLAYS, KioskNode, KioskOptions, kiosk_graph
from ..bringup.kiosk import run_nodes
from ..core.errors import ConfigError
from .record import require_mcap

TARGETS = {"renderer": ("renderer_node",), "all": ("renderer_node", "speaker_node")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    add = parser.add_argument
    default = KioskOptions()
    add("file", type=Path, metavar="FILE.mcap|FOLDER", help="of `./avatar record`, or of `ros2 bag record -s mcap`")
    add(
        "--to",
        choices=tuple(TARGETS),
        default="all",
        help="renderer: the face alone, by the clock of then; all: the loudspeaker too, whose clock the face follows",
    )
    add("--of", default="", metavar="NAMESPACE", help="which avatar of the recording, where it holds several")
    add("--profile", default=default.profile, help="for renderer and loudspeaker (default: %(default)s)")
    add("--avatar", default=default.avatar, metavar="FILE", help="another face than the built-in one")
    add("--display", default=default.display, choices=DISPLAYS, help="where to show it (default: %(default)s)")
    add("--record", default=default.record, metavar="FILE.mp4", help="record picture and sound as a video")
    add("--namespace", default="replay", help="of today's nodes (default: %(default)s)")
    add("--report", type=Path, metavar="FILE.json", help="compare what is shown with what was shown then")


def run(options: argparse.Namespace) -> int:
    """Replay it once; the process's exit code."""
    require_mcap()
    if not options.file.exists():
        raise ConfigError("file_missing", f"{options.file} does not exist")
    chosen = KioskOptions(
        profile=options.profile,
        avatar=options.avatar,
        display=options.display,
        record=options.record,
        namespace=options.namespace,
        mic="none",
    )
    nodes = [node for node in kiosk_graph(chosen) if node.executable in TARGETS[options.to]]
    return run_nodes([*nodes, _player(options, nodes[0].namespace)], chosen)


def _player(options: argparse.Namespace, namespace: str) -> KioskNode:
    arguments = ["--file", str(options.file.absolute()), "--to", options.to, "--namespace", "/" + namespace.strip("/")]
    arguments += ["--of", options.of] if options.of else []
    arguments += ["--report", str(options.report.absolute())] if options.report else []
    return KioskNode("replay_node", namespace, (), arguments=tuple(arguments), ends_run=True)
