"""`./avatar web`, web.launch.py: the graph of a kiosk without microphone, loudspeaker and screen of its own, and in
their place web_node; `./avatar kiosk --web`: both. What is run, and what is said of it, is found out here for them all.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from ..core.avatar_names import avatar_file
from ..core.errors import ConfigError
from ..core.own_addresses import host_word
from ..core.paths import runtime_folder
from ..core.private import private_folder, write_private
from ..core.ros_names import namespace_of
from ..core.secret_files import read_token, read_turn_secret
from .certificate import Certificate
from .child import ChildSpec
from .graph import START_ORDER, WEB_NODE, KioskNode, KioskOptions, Value, kiosk_graph, runs_on
from .kiosk import run_nodes
from .turn import FIRST_PORT, LAST_PORT, Relay, make_relay

#: Nodes that a browser is in place of: it is microphone, loudspeaker and screen of its own session.
OF_A_KIOSK = frozenset({"renderer_node", "speaker_node", "mic_node", "monitor_node", "skills_node"})
HTTP_PORT, HTTPS_PORT = 8000, 8443
#: What runs here: everything, the gateway alone, or a graph alone that a gateway elsewhere sends visitors to.
PARTS = ("all", "gateway", "pipeline")
#: Of the launch files' argument `web`: no browsers; browsers too; browsers instead of the kiosk's own devices.
WEB_CHOICES = ("false", "true", "only")
#: The profile that is laid under the one that was asked for.
_UNDER = "web"
#: Where the token stands in an address: behind the #, which a browser sends to nobody.
TOKEN_MARK = "/#token="


@dataclass(frozen=True)
class WebOptions:
    """What the user asked for. kiosk: what a kiosk is asked for, too; http: port for HTTP, 0: HTTPS where lan is set;
    lan: others than this computer may come in; port: for HTTPS; names: that it is reached by; certificate, key: files;
    part: of PARTS; also: further namespaces whose graphs answer, run with part="pipeline", "NAME" or "NAME=PLACES";
    token_file: holds the visitors' token, "" for a new one; devices: the kiosk's own microphone, loudspeaker and screen
    are there besides; turn: a relay for WebRTC is run here; turn_urls: relays elsewhere, which have the secret of
    turn_secret_file.
    """

    kiosk: KioskOptions
    http: int = 0
    port: int = HTTPS_PORT
    lan: bool = False
    names: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    part: str = "all"
    also: tuple[str, ...] = ()
    token_file: str = ""
    devices: bool = False
    turn: bool = False
    turn_urls: tuple[str, ...] = ()
    turn_secret_file: str = ""

    @property
    def secure(self) -> bool:
        """Whether it speaks HTTPS."""
        return bool(self.certificate) or (self.lan and not self.http)


def web_graph(options: WebOptions, parameters: dict[str, Value]) -> tuple[KioskNode, ...]:
    """The nodes in their order of starting. parameters: of web_node. Raises ConfigError as kiosk_graph does."""
    kiosk = replace(options.kiosk, profile=f"{_UNDER},{options.kiosk.profile}")
    nodes = list(kiosk_graph(kiosk))
    autostart = {} if kiosk.autostart else {"autostart": False}
    web = KioskNode(WEB_NODE, nodes[0].namespace, nodes[0].params_files, {**parameters, **autostart})
    if options.part == "gateway":
        nodes = []
    if options.part != "pipeline" and runs_on(WEB_NODE, kiosk.host):
        nodes.append(web)
    return tuple(nodes) if options.devices else tuple(_browsers_alone(nodes))


def _browsers_alone(nodes: list[KioskNode]) -> list[KioskNode]:
    """The graph without a kiosk's devices; a gateway alone has none of its nodes beside it."""
    gone = OF_A_KIOSK if len(nodes) > 1 else frozenset(START_ORDER)
    absent = sorted(gone)
    return [
        replace(node, parameters={"absent_nodes": absent, **node.parameters})
        for node in nodes
        if node.executable not in OF_A_KIOSK
    ]


def run_web(options: WebOptions) -> int:
    """Serve until told to stop; the process's exit code. Raises ConfigError for what cannot be."""
    options, relay, said = with_relay(options)
    nodes, lines = plan_web(options)
    return run_nodes(nodes, options.kiosk, [*lines, *said], (relay,) if relay else ())


def with_relay(options: WebOptions) -> tuple[WebOptions, ChildSpec | None, list[str]]:
    """Where a relay is wanted here: the options with its address and secret, its process, and what is said of it.

    Raises ConfigError for what cannot be.
    """
    _check(options)
    if not options.turn:
        return options, None, []
    relay = _relay(options)
    line = f"relay: {relay.urls[0]}, by UDP ports {FIRST_PORT} to {LAST_PORT}"
    known = replace(options, turn=False, turn_urls=relay.urls, turn_secret_file=str(relay.secret_file))
    return known, relay.process, [line]


def _relay(options: WebOptions) -> Relay:
    from ..core.own_addresses import own_addresses

    own = own_addresses()
    host = "127.0.0.1" if not options.lan else next(iter((*options.names, *own)), "")
    folder = runtime_folder() / "avatar_ros"
    return make_relay(folder, host, own, everywhere=options.lan, name=_file_name(options))


def plan_web(options: WebOptions) -> tuple[tuple[KioskNode, ...], list[str]]:
    """The nodes, and lines that are said at the beginning: addresses, a QR code. Makes tokens and a certificate.

    Raises ConfigError for what cannot be.
    """
    _check(options)
    options = replace(options, names=tuple(map(_named, options.names)))
    if options.part == "pipeline":
        name = options.kiosk.namespace.strip("/")
        line = f"answers what a gateway sends here: ./avatar web --part gateway --namespace gateway --also {name}"
        return web_graph(options, {}), [line]
    parameters: dict[str, Value] = {"host": "0.0.0.0" if options.lan else "127.0.0.1"}
    port = options.port if options.secure else options.http or HTTP_PORT
    parameters["port"] = port
    if options.kiosk.avatar:
        parameters["avatar"] = str(avatar_file(options.kiosk.avatar).absolute())
    if options.kiosk.locale:
        parameters["locale"] = options.kiosk.locale
    if options.also or options.part == "gateway":
        own = [options.kiosk.namespace] if options.part == "all" else []
        parameters["pipelines"] = [*own, *options.also]
    if options.names:
        parameters["names"] = list(options.names)
    if options.turn_urls:
        parameters["turn_urls"] = list(options.turn_urls)
        parameters["turn_secret_file"] = str(Path(options.turn_secret_file).absolute())
    token = ""
    if options.token_file:
        token = read_token(Path(options.token_file))
        parameters["token_file"] = str(Path(options.token_file).absolute())
    elif options.lan:
        token = secrets.token_urlsafe(12)
        parameters["token_file"] = str(_write_token(options, token, "token"))
    operator = _write_token(options, secrets.token_urlsafe(12), "admin")
    parameters["admin_token_file"] = str(operator)
    names = ["localhost"]
    if options.secure:
        certificate = Certificate.given(options.certificate, options.key, options.names)
        parameters |= {"certificate": str(certificate.path), "private_key": str(certificate.key_path)}
    if options.lan:
        from ..core.own_addresses import own_addresses, own_name

        names = [*own_addresses(), own_name(), *options.names]
    addresses = [_address(options, name, port, token) for name in names]
    lines = [*_lines(options, addresses), f"operator: {_bare(addresses[0])}/admin, its password is in {operator}"]
    return web_graph(options, parameters), lines


def _address(options: WebOptions, name: str, port: int, token: str) -> str:
    host = f"[{name}]" if ":" in name else name
    scheme, usual = ("https", 443) if options.secure else ("http", 80)
    # As it is, a phone's camera would end the address at a blank, and the page the token at a &.
    behind = TOKEN_MARK + quote(token, safe="") if token else ""
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}{behind}"


def _bare(address: str) -> str:
    """Without the visitors' token."""
    return address.partition(TOKEN_MARK)[0]


def _lines(options: WebOptions, addresses: list[str]) -> list[str]:
    lines = [f"open {address}" for address in addresses]
    if options.lan:
        lines += _qr(addresses[0])
    if options.lan and not options.secure:
        lines.append("a browser gives no microphone to a page without https: others can only type; leave --http out")
    elif options.secure and not options.certificate:
        lines.append("the certificate was made here: a browser warns of it once on each device")
    return lines


def _qr(address: str) -> list[str]:
    """The address for a phone's camera; nothing where the library is missing."""
    try:
        import segno
    except ImportError:
        return []
    import io

    out = io.StringIO()
    segno.make(address, micro=False).terminal(out, compact=True)
    return out.getvalue().splitlines()


def _write_token(options: WebOptions, token: str, name: str) -> Path:
    """For web_node to read: arguments of processes can be read by everybody."""
    folder = runtime_folder() / "avatar_ros"
    private_folder(folder)
    path = folder / f"web_{name}_{_file_name(options)}"
    write_private(path, token + "\n")
    return path


def _file_name(options: WebOptions) -> str:
    return options.kiosk.namespace.strip("/").replace("/", "_")


def _named(name: str) -> str:
    if word := host_word(name.strip()):
        return word
    raise ConfigError("bad_option", f"name is '{name[:60]}'; give a host's name or an address: kiosk.example, 10.0.0.5")


def _check(options: WebOptions) -> None:
    namespace_of(options.kiosk.namespace)  # files are called by it
    for name, port in (("http", options.http), ("port", options.port)):
        if not 0 <= port <= 65535:
            raise ConfigError("bad_option", f"{name} is {port}; it must be 1 to 65535")
    if options.part not in PARTS:
        raise ConfigError("bad_option", f"unknown part '{options.part}'; known: {', '.join(PARTS)}")
    if options.part == "gateway" and not options.also:
        raise ConfigError("bad_option", "a gateway alone has nobody who answers; name the graphs: --also avatar1")
    if options.turn and options.turn_urls:
        raise ConfigError("bad_option", "--turn runs a relay here, --turn-url names one elsewhere: give one of them")
    if options.turn_urls and not options.turn_secret_file:
        raise ConfigError("bad_option", "--turn-url needs --turn-secret-file: the secret that the relay has, too")
    if bool(options.key) and not options.certificate:
        raise ConfigError("bad_option", "a key without its certificate; give --certificate too")
    if options.turn_secret_file:
        read_turn_secret(Path(options.turn_secret_file))
