"""`./avatar web`: talk with it in a browser, and ask it for pictures and videos over HTTP."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..bringup.graph import PROFILES, KioskOptions
from ..bringup.web import HTTP_PORT, HTTPS_PORT, PARTS, WebOptions, run_web


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    kiosk = KioskOptions()
    add = parser.add_argument
    add_access_arguments(add)
    add(
        "--profile",
        default=kiosk.profile,
        metavar="|".join((*PROFILES, "FILE.yaml")),
        help="as of `kiosk` (default: %(default)s)",
    )
    add("--locale", default=kiosk.locale, metavar="de|fr-CA|…", help="its language (default: the profile's)")
    add("--avatar", default=kiosk.avatar, metavar="FILE", help="LAM .zip, or splats (default: the built-in one)")
    add("--namespace", default=kiosk.namespace, help="of all topics and nodes (default: %(default)s)")
    add("--network", default=kiosk.network, metavar="local|lan|…", help="who may reach its ROS nodes (default: local)")
    add("--part", default="all", metavar="|".join(PARTS), help="what runs here (default: everything)")
    add(
        "--also",
        action="append",
        default=[],
        metavar="NAMESPACE[=N]",
        help="a further graph that answers (`--part pipeline` of that namespace), N conversations at most",
    )


def add_access_arguments(add: Callable[..., Any]) -> None:
    """By which way browsers come in, and who may; those of `kiosk --web`, too."""
    add(
        "--http",
        type=int,
        default=0,
        metavar="PORT",
        help=f"speak HTTP on this port (default: {HTTP_PORT}; with --lan: HTTPS instead)",
    )
    add("--lan", action="store_true", help="let others in too: by HTTPS, with a token that is made anew each time")
    add("--port", type=int, default=HTTPS_PORT, metavar="PORT", help="port of HTTPS (default: %(default)s)")
    add("--name", action="append", default=[], metavar="NAME", help="a name or address that it is reached by besides")
    add("--certificate", default="", metavar="FILE.pem", help="your own certificate (default: one is made)")
    add("--key", default="", metavar="FILE.pem", help="its key, where it is not in the same file")
    add("--token-file", default="", metavar="FILE", help="the visitors' token (default: with --lan, a new one)")
    add("--turn", action="store_true", help="run a relay (coturn) for WebRTC of browsers whose network lets no UDP in")
    add("--turn-url", action="append", default=[], metavar="turn:HOST:PORT", help="a relay elsewhere")
    add("--turn-secret-file", default="", metavar="FILE", help="the secret that the relay elsewhere has")


def run(options: argparse.Namespace) -> int:
    """The run's exit code: 0 asked to stop, 1 a node kept dying, 2 a bad configuration."""
    kiosk = KioskOptions(
        profile=options.profile,
        locale=options.locale,
        avatar=options.avatar,
        namespace=options.namespace,
        network=options.network,
        mic="none",
        display="off",
    )
    return run_web(replace(web_options(kiosk, options), part=options.part, also=tuple(options.also)))


def web_options(kiosk: KioskOptions, options: argparse.Namespace, *, devices: bool = False) -> WebOptions:
    """Of what was typed. devices: the kiosk's own are there besides."""
    names, files = tuple(options.name), (options.certificate, options.key)
    own = WebOptions(kiosk, options.http, options.port, options.lan, names, *files)
    relays = {"turn_urls": tuple(options.turn_url), "turn_secret_file": options.turn_secret_file}
    return replace(own, token_file=options.token_file, devices=devices, turn=options.turn, **relays)
