"""Parameters over real rclpy: whose they are, what is refused with which words, when they take effect."""

import re
import threading
from dataclasses import dataclass

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.exit_codes import EXIT_CONFIG
from avatar_ros.core.settings import Settings, setting
from avatar_ros.core.stage import Port, Stage
from avatar_ros.ros.node_spec import NodeSpec
from avatar_ros.ros.overrides import Overrides
from avatar_ros.ros.stage_node import StageNode

pytestmark = pytest.mark.ros


@dataclass(frozen=True)
class EarSettings(Settings):
    gain: float = setting(1.0, "factor", low=0.0, high=2.0)
    taps: int = setting(8, "length", low=1, high=64)
    wait_s: float = setting(1.0, "patience, s", low=0.0)
    kind: str = setting("soft", "how", choices=("soft", "off"))
    words: tuple[str, ...] = setting((), "any words")
    way: str = setting("port", "where", choices=("port", "lee"), renamed={"left": "port"})


SPEC = NodeSpec("ear_node", Port(), {"": EarSettings, "sub.": EarSettings}, lambda settings, node: Stage())


@pytest.fixture
def start():
    """A node of ROS arguments, as ros/main.py makes it; not spinning."""
    import rclpy

    made = []

    def make(*arguments):
        arguments = ["program", "--ros-args", "-p", "autostart:=false", *arguments]
        overrides = Overrides.of(arguments)
        rclpy.init(args=arguments)
        node = StageNode(SPEC, overrides)
        made.append(node)
        return node

    yield make
    for node in made:
        node.destroy_node()
    rclpy.try_shutdown()


def file_of(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return "--params-file", str(path)


def section(key, *lines):
    return f"{key}:\n  ros__parameters:\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize("key", ["/**/ear_node", "/ear_node", "ear_node"])
def test_an_unknown_parameter_of_the_nodes_own_section_is_named_with_file_line_and_nearest(start, tmp_path, key):
    with pytest.raises(ConfigError, match=r"mine\.yaml line 4: unknown parameter 'gian' of ear_node; known: .*"
                                          r"did you mean 'gain'\?"):  # fmt: skip
        start(*file_of(tmp_path, section(key, "taps: 9", "gian: 1.0")))


def test_one_far_from_any_is_refused_there_too(start, tmp_path):
    with pytest.raises(ConfigError, match="unknown parameter 'robot_name' of ear_node"):
        start(*file_of(tmp_path, section("/**/ear_node", "robot_name: r2")))


@pytest.mark.parametrize("key", ["/**", "/*"])
def test_what_stands_there_for_all_nodes_is_ignored_with_one_line_and_the_rest_obeyed(start, tmp_path, capfd, key):
    text = section(key, "robot_name: r2", "gian: 1.0", "taps: 9", "use_sim_time: false")
    node = start(*file_of(tmp_path, text), "-r", "__ns:=/avatar" if key == "/**" else "__ns:=/")
    said = capfd.readouterr().err
    assert node.get_parameter("taps").value == 9
    assert said.count("\n") == 1 and "ignored, since ear_node has no such parameter: 'robot_name' (" in said
    assert "mine.yaml line 3), 'gian' (" in said and "did you mean 'gain'?" in said and "WARN" in said


@pytest.mark.parametrize("remap", [("-r", "__node:=ear_node"), ("--remap", "__ns:=/robot"), ()])
def test_a_launch_files_parameter_for_all_is_ignored_with_one_line(start, capfd, remap):
    start(*remap, "-p", "robot_name:=r2")
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "'robot_name' (-p)" in said


@pytest.mark.parametrize("argument", ["gian:=1.0", "ear_node:robot_name:=r2"])
def test_one_typed_or_given_to_the_node_by_name_is_refused(start, argument):
    with pytest.raises(ConfigError, match=r"-p: unknown parameter '(gian|robot_name)' of ear_node"):
        start("-p", argument)


@pytest.mark.parametrize(
    "key", ["ear_node", "/avatar/ear_node", "/**/earnode", "/**/Ear", "/**/aer_node", "/**/ears_node"]
)
def test_a_section_that_was_meant_for_the_node_and_misses_it_is_refused(start, tmp_path, key):
    given = file_of(tmp_path, "# mine\n" + section(key, "gain: 0.5"))
    with pytest.raises(ConfigError, match=r"mine\.yaml line 2: '/.*' matches no node, this one is /face/ear_node; "
                                          r"did you mean '/\*\*/ear_node'\?"):  # fmt: skip
        start(*given, "-r", "__ns:=/face")


def test_another_files_section_for_the_node_does_not_excuse_it(start, tmp_path):
    good = file_of(tmp_path, section("/**/ear_node", "taps: 9"), "good.yaml")
    with pytest.raises(ConfigError, match=r"mine\.yaml line 1"):
        start(*good, *file_of(tmp_path, section("ear_node", "gain: 0.5")), "-r", "__ns:=/face")


def test_two_kiosks_may_share_a_file_and_a_robots_nodes_may_stand_in_it(start, tmp_path, capfd):
    text = section("/left/ear_node", "taps: 9") + section("/right/ear_node", "taps: 10")
    text += section("/robot_base", "gain: 9.0") + section("controller_server", "taps: 0") + section("/**/lidar", "x: 1")
    text += section("/**/eye_node", "gain: 5.0", "frame: 3")
    node = start(*file_of(tmp_path, text), "-r", "__ns:=/right")
    assert node.get_parameter("taps").value == 10 and capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gain: -7.0", r"mine\.yaml line 3: ear_node: parameter 'gain' is -7\.0; it must be at least 0\.0"),
        ("gain: '0.4'", r"line 3: .*'gain' must be float, not str \('0\.4'\); write it without quotes"),
        ("gain: .nan", r"line 3: .*'gain' is nan; it must be a number"),
        ("wait_s: .inf", r"line 3: .*'wait_s' is inf; it must be a number"),
        ("taps: 8.5", r"line 3: .*'taps' must be int, not float"),
        ("taps: yes", r"line 3: .*'taps' must be int, not bool"),
        ("kind: loud", r"line 3: .*'kind' is 'loud'; it must be one of soft, off"),
        ("words: [1, 2]", r"line 3: .*'words' must be a list of texts"),
        ("sub: {gain: 3.0}", r"line 3: .*'sub\.gain' is 3\.0; it must be at most 2"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_where_it_stands(start, tmp_path, capfd, line, said):
    node = start(*file_of(tmp_path, section("/**/ear_node", line)), "-p", "autostart:=true")
    node.trigger_configure()
    assert node.exit_code == EXIT_CONFIG
    assert re.search(said, capfd.readouterr().err)


def test_values_as_people_write_them(start, tmp_path):
    node = start(*file_of(tmp_path, section("/**/ear_node", "gain: 1", "taps: 1e1", "kind: off", "words: []")))
    read = node.read_settings()[""]
    assert (read.gain, read.taps, read.kind, read.words) == (1.0, 10, "off", ())


def set_(node, **values):
    from rclpy.parameter import Parameter

    return node.set_parameters_atomically([Parameter(name, value=value) for name, value in values.items()])


def test_what_is_set_says_when_it_counts_and_common_parameters_are_checked(start, capfd):
    node = start()
    done = set_(node, gain=0.5)
    assert done.successful and done.reason == "takes effect at the next configure"
    assert "gain: takes effect at the next configure" in capfd.readouterr().err
    for values, said in (
        ({"queue_limit": 0}, "at least 1"),
        ({"connect_wait_s": "long"}, "must be float, not str"),
        ({"words": [1, 2]}, "must be a list of texts"),
        ({"taps": 2, "gain": 9.0}, "'gain' is 9.0; it must be at most 2"),
        ({"gain": float("nan")}, "it must be a number"),
        ({"nice": 3}, "read-only"),
        ({"autostart": True}, "read-only"),
    ):
        refused = set_(node, **values)
        assert not refused.successful and said in refused.reason, values
    assert node.get_parameter("taps").value == 8, "all or none"
    assert set_(node, connect_wait_s=2).successful and node.own.connect_wait_s == 8.0
    node.trigger_configure()
    assert node.own.connect_wait_s == 2.0 and node.read_settings()[""].gain == 0.5


def test_ros2_param_set_and_describe_tell_it_too(start):
    """The services that `ros2 param` and rqt_reconfigure call."""
    import rclpy
    from rcl_interfaces.srv import DescribeParameters, SetParameters
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.parameter import Parameter

    node = start()
    executor = SingleThreadedExecutor()
    caller = rclpy.create_node("caller")
    for one in (node, caller):
        executor.add_node(one)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()

    def call(kind, name, request):
        client = caller.create_client(kind, f"/ear_node/{name}")
        assert client.wait_for_service(30.0)
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        assert done.wait(30.0)
        return future.result()

    wanted = [Parameter("gain", value=0.25).to_parameter_msg(), Parameter("gain", value=7.0).to_parameter_msg()]
    good, bad = call(SetParameters, "set_parameters", SetParameters.Request(parameters=wanted)).results
    assert good.successful and good.reason == "takes effect at the next configure"
    assert not bad.successful and "at most 2" in bad.reason
    names = ["gain", "taps", "wait_s", "kind", "nice"]
    found = call(DescribeParameters, "describe_parameters", DescribeParameters.Request(names=names)).descriptors
    gain, taps, wait, kind, nice = found
    assert (gain.floating_point_range[0].from_value, gain.floating_point_range[0].to_value) == (0.0, 2.0)
    assert (taps.integer_range[0].from_value, taps.integer_range[0].to_value) == (1, 64)
    assert wait.additional_constraints == "from 0.0; takes effect at the next configure"
    assert kind.additional_constraints == "one of: soft, off; takes effect at the next configure"
    assert nice.read_only and "cannot be changed while the node runs" in nice.additional_constraints
    executor.shutdown()
    thread.join(10.0)
    caller.destroy_node()


def test_a_former_name_of_a_value_is_taken_and_the_new_one_is_told(start, capfd):
    node = start("-p", "way:=left")
    assert node.read_settings()[""].way == "port"
    assert capfd.readouterr().err.count("parameter 'way': 'left' is called 'port' now") >= 1
