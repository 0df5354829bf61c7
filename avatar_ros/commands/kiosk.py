"""`./avatar kiosk`: the whole conversation, all nodes, until Ctrl-C."""

from __future__ import annotations

import argparse
from dataclasses import fields

from ..bringup.graph import DISPLAYS, HOSTS, PROFILES, KioskOptions
from ..bringup.kiosk import run_kiosk
from ..bringup.web import run_web
from ..core.avatar_names import AXES
from .web import add_access_arguments, web_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    default = KioskOptions()
    add = parser.add_argument
    add(
        "--profile",
        default=default.profile,
        metavar="|".join((*PROFILES, "FILE.yaml")),
        help="or several joined by commas, the later ones count: full,llm_openai (default: %(default)s)",
    )
    spoken = "the kiosk's language (default: as the profile has it, or English)"
    add("--locale", default=default.locale, metavar="de|fr-CA|…", help=spoken)
    shown = "LAM .zip, or splats, or a name that ./avatar avatars lists (default: as the profile has it)"
    add("--avatar", default=default.avatar, metavar="FILE|NAME", help=shown)
    add("--axes", default=default.axes, metavar="|".join(AXES), help="which way is up in a file of splats alone")
    add(
        "--mic",
        default=default.mic,
        metavar="DEVICE|FILE.wav[,FILE.wav…]|none",
        help="a sound device's name or number, recorded questions, or none (default: %(default)s)",
    )
    seen = "see who stands there (needs the extra people): a camera, or an image topic (default: nobody is seen)"
    add("--people", default=default.people, metavar="auto|/dev/videoN|/TOPIC", help=seen)
    add("--display", default=default.display, choices=DISPLAYS, help="where to show the face (default: %(default)s)")
    add("--namespace", default=default.namespace, help="of all topics and nodes (default: %(default)s)")
    add("--record", default=default.record, metavar="FILE.mp4", help="record picture and sound")
    add("--turns", type=int, default=default.turns, metavar="N", help="leave after N answers (default: never)")
    add(
        "--network",
        default=default.network,
        metavar="local|lan|lan:INTERFACE_OR_IPV4,…",
        help="who may reach its nodes: this computer alone, or others too: lan:eth0,192.168.1.5 (default: local)",
    )
    halves = "robot: what has devices, and the conversation; offboard: hearing, thinking and voice on a bigger computer"
    add("--host", default=default.host, choices=HOSTS, help=f"which half runs here; {halves} (default: %(default)s)")
    stood = "--host robot: profile of its own nodes that stand by for the offboard half, or none (default: %(default)s)"
    add("--standby", default=default.standby, metavar="PROFILE|none", help=stood)
    parser.set_defaults(autostart=default.autostart)
    add("--report", default=default.report, metavar="FILE.json", help="write words and delays of each turn")
    add("--web", action="store_true", help="let browsers talk with it, too; what follows is said of them (docs/web.md)")
    add_access_arguments(add)


def run(options: argparse.Namespace) -> int:
    """The run's exit code: 0 done or asked to stop, 1 not done or a node kept dying, 2 a bad configuration."""
    chosen = {item.name: getattr(options, item.name) for item in fields(KioskOptions)}
    kiosk = KioskOptions(**chosen)
    return run_web(web_options(kiosk, options, devices=True)) if options.web else run_kiosk(kiosk)
