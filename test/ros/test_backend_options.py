"""Options of backends as parameters: whose are declared, which of others are accepted, and their former names."""

import re
from dataclasses import dataclass
from typing import Protocol

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.exit_codes import EXIT_CONFIG
from avatar_ros.core.registry import Backend, Registry
from avatar_ros.core.settings import Settings, setting
from avatar_ros.core.stage import Port, Stage
from avatar_ros.ros.node_spec import NodeSpec
from avatar_ros.ros.overrides import Overrides
from avatar_ros.ros.stage_node import StageNode

pytestmark = pytest.mark.ros
HERE = "its_backends"
TEXT = """
from dataclasses import dataclass
from avatar_ros.core.settings import Settings, setting

@dataclass(frozen=True)
class HornSettings(Settings):
    gain: float = setting(1.0, "factor", low=0.0, high=2.0)
    words: tuple[str, ...] = setting((), "any words")

@dataclass(frozen=True)
class BellSettings(HornSettings):
    pitch: int = setting(5, "height", low=1, high=9, formerly="bell_pitch")

@dataclass(frozen=True)
class DrumSettings(Settings):
    gain: float = setting(0.1, "factor", low=0.0, high=0.2)

class Drum:
    Settings = DrumSettings
    def __init__(self, settings, own):
        self.own = own

class Horn:
    Settings = HornSettings
    def __init__(self, settings, own):
        self.own = own

class Bell(Horn):
    Settings = BellSettings

class Gong:
    def __init__(self, settings):
        self.own = None
"""


class Sounder(Protocol):
    """Anything."""


@dataclass(frozen=True)
class RoomSettings(Settings):
    backend: str = setting("horn", "what sounds")
    fallback: str = setting("", "what sounds else")
    taps: int = setting(8, "length", low=1, high=64)


REGISTRY = Registry(
    "tts",
    Sounder,
    {
        "horn": Backend(f"{HERE}:Horn", settings=f"{HERE}:HornSettings"),
        "bell": Backend(f"{HERE}:Bell", settings=f"{HERE}:BellSettings"),
        "gong": Backend(f"{HERE}:Gong"),
        "drum": Backend(f"{HERE}:Drum", settings=f"{HERE}:DrumSettings"),
    },
)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A node of ROS arguments, as ros/main.py makes it; not spinning. made: what its stage was built of."""
    import rclpy

    (tmp_path / f"{HERE}.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    nodes = []

    def build(settings, node):
        node.made = {prefix: settings[prefix] for prefix in ("", "own", "sub.", "sub.own")}
        REGISTRY.make(settings[""].backend, settings[""], own=settings["own"])
        return Stage()

    groups = {"": RoomSettings, "sub.": RoomSettings}
    spec = NodeSpec("ear_node", Port(), groups, build, {"": REGISTRY, "sub.": REGISTRY})

    def make(*lines, given=(), key="/**/ear_node"):
        path = tmp_path / "mine.yaml"
        path.write_text(f"{key}:\n  ros__parameters:\n    taps: 9\n" + "".join(f"    {line}\n" for line in lines))
        parameters = [part for value in ("autostart:=false", *given) for part in ("-p", value)]
        arguments = ["program", "--ros-args", "--params-file", str(path), *parameters]
        overrides = Overrides.of(arguments)
        rclpy.init(args=arguments)
        node = StageNode(spec, overrides)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def declared(node):
    return sorted(name for name in node._parameters if re.search(r"(horn|bell|gong|Bell|Horn)\.", name))


def own(node, prefix=""):
    node.trigger_configure()
    assert node.exit_code is None
    return node.made[f"{prefix}own"]


def test_options_of_the_chosen_backend_and_its_fallback_are_declared_and_no_others(start):
    node = start("backend: bell", "fallback: horn", "bell: {pitch: 7, gain: 0.5}", "horn.gain: 1.5")
    mine = ["bell.gain", "bell.pitch", "bell.words", "horn.gain", "horn.words"]
    assert declared(node) == [*mine, "sub.horn.gain", "sub.horn.words"]
    assert node.describe_parameter("bell.pitch").integer_range[0].to_value == 9
    found = own(node)
    assert (found["bell"].pitch, found["bell"].gain, found["horn"].gain) == (7, 0.5, 1.5)
    assert node.made["sub.own"]["horn"].gain == 1.0


def test_options_of_others_are_accepted_and_checked(start):
    node = start("backend: gong", "bell.pitch: 3", "sub.bell.gain: 1", "horn: {words: [a, b]}")
    assert declared(node) == ["sub.horn.gain", "sub.horn.words"] and own(node) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bell.pitch: 10", r"mine\.yaml line 4: ear_node: parameter 'bell\.pitch' is 10; it must be at most 9"),
        ("sub.bell.gain: loud", r"mine\.yaml line 4: ear_node: parameter 'sub\.bell\.gain' must be float"),
        ("bell.pich: 3", r"mine\.yaml line 4: unknown parameter 'bell\.pich' .*; did you mean 'bell\.pitch'\?"),
        ("horn.gian: 3.0", r"mine\.yaml line 4: unknown parameter 'horn\.gian' .*; did you mean 'horn\.gain'\?"),
        ("gong.gain: 3.0", r"mine\.yaml line 4: unknown parameter 'gong\.gain'"),
        ("whistle.gain: 1.0", r"mine\.yaml line 4: unknown parameter 'whistle\.gain'"),
    ],
)
def test_a_value_that_cannot_be_and_a_name_that_is_none_are_told_for_others_too(start, line, said):
    with pytest.raises(ConfigError, match=said):
        start(line)


def test_a_value_of_the_chosen_one_is_told_when_it_is_read(start, capfd):
    node = start("horn.gain: 3.0", given=("autostart:=true",))
    node.trigger_configure()
    assert node.exit_code == EXIT_CONFIG
    assert re.search(r"mine\.yaml line 4: ear_node: parameter 'horn\.gain' is 3\.0", capfd.readouterr().err)


def test_former_names_are_taken_with_one_warning_and_set_all_that_had_them(start, capfd):
    node = start("backend: bell", "fallback: horn", "gain: 0.25", "bell_pitch: 6", "sub.gain: 0.5")
    found, said = own(node), capfd.readouterr().err
    assert (found["bell"].gain, found["horn"].gain, found["bell"].pitch) == (0.25, 0.25, 6)
    assert node.made["sub.own"]["horn"].gain == 0.5 and not node.has_parameter("gain")
    assert said.count("parameter 'gain' is called 'horn.gain' and 'bell.gain' now; the old name will go") == 1
    assert said.count("parameter 'bell_pitch' is called 'bell.pitch' now") == 1
    assert said.count("parameter 'sub.gain' is called 'sub.horn.gain' now") == 1


def test_the_present_name_counts_where_both_stand_there(start):
    assert own(start("horn.gain: 0.75", given=("gain:=0.25",)))["horn"].gain == 0.75


def test_a_bad_value_by_a_former_name_is_told_with_its_place(start, capfd):
    node = start("gain: 9.0", given=("autostart:=true",))
    node.trigger_configure()
    assert re.search(r"mine\.yaml line 4: ear_node: parameter 'horn\.gain' is 9\.0", capfd.readouterr().err)


def test_a_value_by_a_former_name_need_not_be_good_for_others_that_had_it(start):
    assert own(start("gain: 1.5"))["horn"].gain == 1.5  # the drum's ends at 0.2


def test_a_former_name_of_one_that_is_not_chosen_is_checked_as_well(start):
    with pytest.raises(ConfigError, match=r"mine\.yaml line 4: ear_node: parameter 'bell\.pitch' is 60"):
        start("bell_pitch: 60")


def test_one_that_is_chosen_later_has_what_was_set_under_a_former_name(start):
    node = start("gain: 1.75")
    assert own(node)["horn"].gain == 1.75 and set_(node, backend="bell").successful
    assert node.get_parameter("bell.gain").value == 1.75


def set_(node, **values):
    from rclpy.parameter import Parameter

    given = [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]
    return node.set_parameters_atomically(given)


def test_another_backend_brings_its_options_and_takes_those_of_the_last(start):
    node = start("bell.pitch: 7")
    assert set_(node, backend="bell").successful
    assert declared(node) == ["bell.gain", "bell.pitch", "bell.words", "sub.horn.gain", "sub.horn.words"]
    refused = set_(node, bell__pitch=99)
    assert not refused.successful and "parameter 'bell.pitch' is 99" in refused.reason
    assert set_(node, gain=0.5).successful, "by its former name"
    found = own(node)["bell"]
    assert (found.pitch, found.gain) == (7, 0.5)


def test_a_backend_from_outside_has_its_options_under_its_class(start):
    given = (f"backend:={HERE}:Bell", "Bell.words:=[a]")
    node = start("Bell: {pitch: 2}", "Bell.gain: 0.5", given=given)
    assert declared(node)[:3] == ["Bell.gain", "Bell.pitch", "Bell.words"]
    found = own(node)[f"{HERE}:Bell"]
    assert (found.pitch, found.gain, found.words) == (2, 0.5, ("a",))


def test_a_slip_in_them_is_told(start):
    with pytest.raises(ConfigError, match=r"unknown parameter 'Bell\.pich' .*did you mean 'Bell\.pitch'"):
        start(f"backend: {HERE}:Bell", "Bell.pich: 2")


def test_one_that_cannot_be_imported_is_told_at_configure_with_file_and_line(start, tmp_path, capfd):
    (tmp_path / "its_broken.py").write_text("import math\nmath.no_such_thing\n")
    node = start("backend: its_broken:Bell", "Bell.pitch: 2", given=("autostart:=true",))
    node.trigger_configure()
    said = capfd.readouterr().err
    assert node.exit_code == EXIT_CONFIG
    assert "its_broken.py line 2: AttributeError" in said and "unknown parameter" not in said


def test_an_unknown_backend_is_told_at_configure(start, capfd):
    node = start("backend: whistle", given=("autostart:=true",))
    node.trigger_configure()
    assert node.exit_code == EXIT_CONFIG and "unknown tts backend 'whistle'" in capfd.readouterr().err
