"""The node graph of a kiosk, as data: what `ros2 launch` and the runner both start. It is written here alone.

What a node does by default stands in its Settings; a profile (config/<profile>.yaml) sets what differs on that kind of
computer; KioskOptions set what the user asked for this time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.avatar_names import AXES, avatar_file
from ..core.errors import ConfigError
from ..core.locales import load_language
from ..core.outputs import check_output
from ..core.parameter_file import Section, looks_like, nearest, read_parameter_file
from ..core.paths import share_file
from ..core.ros_names import namespace_of
from ..core.ros_network import parse_reach
from .avatar_defaults import SPEAK_A_LANGUAGE, Parameters, Value, avatar_defaults, with_defaults
from .device_parameters import mic_parameters, people_parameters
from .profile_parameters import parameters_for

PACKAGE = "avatar_ros"
#: Files of config/. Those that begin with llm_ set the chat service alone, to be laid over another: "full,llm_openai";
#: web is what many conversations need, laid under another one (bringup/web.py).
PROFILES = ("embedded", "natural", "full", "llm_openai", "llm_ollama", "llm_dashscope", "web")
DISPLAYS = ("auto", "window", "off")

#: Order of starting: the face first, since people look at it; then what takes longest to load.
START_ORDER = (
    "renderer_node",
    "asr_node",
    "vad_node",
    "speaker_node",
    "tts_node",
    "expression_node",
    "audio_encoder_node",
    "dialogue_node",
    "llm_node",
    "monitor_node",
    "mic_node",
    "skills_node",
)

#: Serves browsers; not part of a kiosk (bringup/web.py).
WEB_NODE = "web_node"
#: Sees who stands before the avatar; part of a kiosk where `people` asks for it.
PEOPLE_NODE = "people_node"
#: Nodes that a parameter file may speak of.
ALL_NODES = (*START_ORDER, WEB_NODE, PEOPLE_NODE)


#: A robot that thinks elsewhere: what needs a bigger computer, and has no device. `robot` is all the rest.
OFFBOARD = frozenset({"asr_node", "llm_node", "tts_node", "audio_encoder_node"})
HOSTS = ("all", "robot", "offboard")
#: On the robot: what a turn waits for until it has heard the offboard half.
ATTENTIVE = frozenset({"dialogue_node", "vad_node", "speaker_node", "expression_node"})
#: On the robot: node that stands by for one of the offboard half -> that one.
STANDBY = {f"{name.removesuffix('_node')}_standby_node": name for name in START_ORDER if name in OFFBOARD}


@dataclass(frozen=True)
class KioskOptions:
    """What the user asked for.

    profile: of PROFILES, or ROS parameter files of one's own (….yaml), joined by commas: the later ones count;
    avatar: file or name (`./avatar avatars` lists them), or "" as the profile has it; axes: which way is up in a file
    of splats, "" as the profile has it;
    namespace: absolute only where it begins with "/";
    mic: "auto", "none", a device's name or number, or WAV files joined by commas; record: video file to write, or "";
    turns: answers before it leaves, 0 for never; report: JSON file for the turns, or ""; network: who may reach its
    nodes (core/ros_network.py), "" for AVATAR_ROS_NETWORK, or local; locale: the kiosk's language, "de" or "de-AT",
    "" as the profile has it; host: which half runs here, of HOSTS; autostart: the nodes bring themselves up;
    standby: profile of the robot half's own nodes that stand by for the offboard half's, or "none"; people: what shows
    who stands there: "auto", a camera's number or device file, an image topic's name, or "" for nothing.
    """

    profile: str = "embedded"
    avatar: str = ""
    axes: str = ""
    mic: str = "auto"
    display: str = "auto"
    namespace: str = "avatar"
    record: str = ""
    turns: int = 0
    report: str = ""
    network: str = ""
    locale: str = ""
    host: str = "all"
    autostart: bool = True
    standby: str = "embedded"
    people: str = ""


@dataclass(frozen=True)
class KioskNode:
    """One process of the graph.

    executable: in lib/avatar_ros, and the module's name in avatar_ros.nodes; name: the node's, "" for the same;
    params_files: later ones override earlier ones, and parameters all of them; ends_run: this node leaving with
    EXIT_DONE (EXIT_UNFINISHED) means that the kiosk has done (cannot do) what it was asked to do; arguments: before
    those of ROS; across: a turn waits for what it hears of another computer.
    """

    executable: str
    namespace: str
    params_files: tuple[Path, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    ends_run: bool = False
    arguments: tuple[str, ...] = ()
    name: str = ""
    across: bool = False

    @property
    def node_name(self) -> str:
        return self.name or self.executable

    @property
    def module(self) -> str:
        return f"{PACKAGE}.nodes.{self.executable}"


def kiosk_graph(options: KioskOptions) -> tuple[KioskNode, ...]:
    """The nodes of a kiosk in their order of starting. Raises ConfigError naming the option that cannot be."""
    _check(options)
    params_files = profile_files(options.profile)
    defaults = avatar_defaults(options.avatar, _full_name(options), params_files, options.locale)
    parameters = with_defaults(_parameters(options), defaults)
    every: dict[str, Value] = {} if options.autostart else {"autostart": False}
    yields: dict[str, Value] = {"duty": "yields"} if options.host == "offboard" else {}
    nodes = tuple(
        KioskNode(
            executable=name,
            namespace=options.namespace.rstrip("/"),
            params_files=params_files,
            parameters={**parameters.get(name, {}), **every, **yields},
            ends_run=name in _deciding(options),
            across=options.host != "all" and name in OFFBOARD | ATTENTIVE,
        )
        for name in (*START_ORDER, *([PEOPLE_NODE] if options.people else []))
        if runs_on(name, options.host)
    )
    return nodes + _standby_nodes(options, parameters, every)


def _standby_nodes(options: KioskOptions, parameters: Parameters, every: Mapping[str, Value]) -> tuple[KioskNode, ...]:
    """The robot's own hearing, thinking and voice, for when the offboard half does not answer."""
    if options.host != "robot" or options.standby == "none":
        return ()
    files = profile_files(options.standby)
    space = _full_name(options)
    return tuple(
        KioskNode(
            executable=executable,
            namespace=options.namespace.rstrip("/"),
            # The profile's sections are for the names of the nodes that it stands by for.
            params_files=(),
            parameters={
                **parameters_for(files, f"{space}/{executable}"), **parameters.get(executable, {}), **every,
                "duty": "standby",
            },
            name=name,
        )
        for name, executable in STANDBY.items()
    )  # fmt: skip


def runs_on(node: str, host: str) -> bool:
    """Whether a node belongs to this half; to both where there is only one.

    >>> runs_on("tts_node", "offboard"), runs_on("mic_node", "offboard"), runs_on("mic_node", "all")
    (True, False, True)
    """
    return host == "all" or (node in OFFBOARD) == (host == "offboard")


def _full_name(options: KioskOptions) -> str:
    """Namespace of the nodes as rcl has it, "/avatar"."""
    return "/" + options.namespace.strip("/")


def _deciding(options: KioskOptions) -> set[str]:
    """Nodes that know when the run is over."""
    files = options.mic.lower().endswith(".wav")
    return {"renderer_node", *(["monitor_node"] if options.turns else []), *(["mic_node"] if files else [])}


def profile_files(profile: str) -> tuple[Path, ...]:
    """The ROS parameter files of a profile, in order. Raises ConfigError where one is no known name and no file."""
    return tuple(_profile_file(name.strip()) for name in profile.split(","))


def _profile_file(profile: str) -> Path:
    if profile.endswith((".yaml", ".yml")):
        path = Path(profile).absolute()
        if not path.is_file():
            raise ConfigError("file_missing", f"profile file {profile} does not exist")
        _check_names(path)
        return path
    _one_of("profile", profile, PROFILES)
    return share_file(f"config/{profile}.yaml")


def _parameters(options: KioskOptions) -> dict[str, dict[str, Value]]:
    """Node name -> the parameters that the user's options set."""
    renderer: dict[str, Value] = {"display.backend": options.display}
    if options.avatar:
        renderer["avatar"] = str(avatar_file(options.avatar).absolute())
    if options.axes:
        renderer["avatar_axes"] = options.axes
    if options.record:
        renderer["record.path"] = str(Path(options.record).absolute())
    monitor: dict[str, Value] = {"turns": options.turns}
    if options.report:
        monitor["report"] = str(Path(options.report).absolute())
    own = {"renderer_node": renderer, "monitor_node": monitor, "mic_node": mic_parameters(options.mic)}
    if options.people:
        own[PEOPLE_NODE] = people_parameters(options.people)
    spoken: dict[str, Value] = {"locale": options.locale} if options.locale else {}
    return {**own, **{node: dict(spoken) for node in SPEAK_A_LANGUAGE}}


def _check(options: KioskOptions) -> None:
    _one_of("display", options.display, DISPLAYS)
    _one_of("host", options.host, HOSTS)
    if options.turns < 0:
        raise ConfigError("bad_option", f"turns is {options.turns}; it must be 0 (no limit) or more")
    if not re.fullmatch(r"/?[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*/?", options.namespace):
        raise ConfigError(
            "bad_option",
            f"namespace is '{options.namespace}'; use letters, digits and _, beginning with a letter ('avatar2')",
        )
    namespace_of(options.namespace)
    if options.avatar and not avatar_file(options.avatar).exists():
        raise ConfigError("file_missing", f"avatar file {options.avatar} does not exist")
    if options.locale:
        _check_locale(options.locale)
    if options.axes:
        _one_of("axes", options.axes, AXES)
    _check_outputs(options)
    _check_sounds(options.mic)
    if options.network:
        parse_reach(options.network)
    if options.standby != "none":
        profile_files(options.standby)


def _check_locale(locale: str) -> None:
    import yaml

    load_language(yaml, locale)


def _sections(path: Path) -> list[Section]:
    """Those of a parameter file. Raises ConfigError naming the line, before eleven processes stumble over it."""
    import yaml

    return read_parameter_file(yaml, path)


def _check_names(path: Path) -> None:
    for section in _sections(path):
        meant = next((name for name in ALL_NODES if looks_like(section.node, name)), section.node)
        if meant != section.node:
            where = f"profile file {path} line {section.line}"
            text = f"{where}: '{section.key}' matches no node; did you mean '/**/{meant}'?"
            raise ConfigError("unknown_node", text)


def strangers(profile: str) -> tuple[str, ...]:
    """A line for each file of the profile that names nodes which are not the avatar's; they are ignored."""
    lines = []
    for path in profile_files(profile):
        names = [s.key for s in _sections(path) if not s.wild and s.node not in (*ALL_NODES, *STANDBY)]
        if names:
            lines.append(f"{path}: ignored, since the avatar has no such nodes: {', '.join(names)}")
    return tuple(lines)


def _one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        near = nearest(value, list(known))
        raise ConfigError("bad_option", f"unknown {option} '{value}'; known: {', '.join(known)}{near}")


def _check_outputs(options: KioskOptions) -> None:
    read = [options.avatar, *options.profile.split(","), *options.mic.split(",")]
    for option in ("record", "report"):
        if path := getattr(options, option):
            check_output(option, path, read, (".mp4",) if option == "record" else ())
            read.append(path)


def _check_sounds(mic: str) -> None:
    for name in mic.split(",") if mic.lower().endswith(".wav") else ():
        if not Path(name.strip()).is_file():
            raise ConfigError("file_missing", f"sound file {name.strip()} does not exist")
