"""StageNode over real DDS: brings itself up, refuses bad parameters, serves, reports, obeys the lifecycle."""

import threading
from dataclasses import dataclass

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.errors import ConfigError, StageError
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_FAILED
from avatar_ros.core.settings import Settings, setting
from avatar_ros.core.stage import Out, Port, Stage
from avatar_ros.core.types import Reply, Sentence
from avatar_ros.ros import convert, qos
from avatar_ros.ros.node_spec import NodeSpec
from avatar_ros.ros.readers import READERS
from avatar_ros.ros.stage_node import StageNode
from spinning import Spinning

pytestmark = pytest.mark.ros
WAIT_S = 30.0
PORT = Port(subscribes=("dialogue/reply",), publishes=("speech/sentence",))


@dataclass(frozen=True)
class EchoSettings(Settings):
    gain: float = setting(1.0, "factor", low=0.0, high=2.0)
    backend: str = setting("good", "kind", choices=("good", "broken", "raises", "deaf"))
    words: tuple[str, ...] = setting((), "any words")
    tempo: float = setting(1.0, "factor", low=0.0, high=2.0, live=True)


class EchoStage(Stage):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.unread = frozenset({"dialogue/reply"} if settings.backend == "deaf" else ())
        self.closed = False
        self.rests = 0

    def deactivate(self, now_s):
        self.rests += 1
        yield Out("speech/sentence", Sentence(text="resting"))

    def load(self):
        if self.settings.backend == "broken":
            raise ConfigError("weights_missing", "weights missing: models/x.onnx; run ./avatar fetch x")

        if self.settings.backend == "raises":
            raise ZeroDivisionError("a library's own fault")

    def push(self, topic, message, now_s):
        if message.text == "fail":
            raise StageError("echo_failed", "cannot echo that")
        yield Out("speech/sentence", Sentence(turn=message.turn, text=f"{message.text} {self.settings.gain}"))

    def status(self):
        return {"warning": "degraded"}

    def close(self):
        self.closed = True


def spec(**extra):
    return NodeSpec("echo_node", PORT, {"": EchoSettings}, lambda settings, node: EchoStage(settings[""]), **extra)


@pytest.fixture
def make_reader(make):
    """Add a node of a name, spinning with the rest."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    readers = []

    def start(name):
        executor = SingleThreadedExecutor()
        node = rclpy.create_node(name)
        executor.add_node(node)
        readers.append((node, Spinning(executor)))
        return node

    yield start
    for node, spinning in readers:
        spinning.close()
        node.destroy_node()


@pytest.fixture
def make():
    """Start an echo node with parameter overrides, spinning in a thread of its own."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    running = []

    def start(*arguments):
        arguments = ("connect_wait_s:=0.0", *arguments)
        rclpy.init(args=["--ros-args", *[part for argument in arguments for part in ("-p", argument)]])
        node = StageNode(spec())
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        running.append((node, Spinning(executor)))
        return node, executor

    yield start
    for node, spinning in running:
        spinning.close()
        node.release()
        node.destroy_node()
    rclpy.try_shutdown()


def until(condition):
    done = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        if condition():
            return
        done.wait(0.02)
    raise AssertionError("did not happen in time")


def active(node):
    return node._state_machine.current_state[1] == "active"


def test_brings_itself_up_and_serves(make):
    node, _ = make("gain:=2")  # an integer for a float is not the user's fault
    until(lambda: active(node))
    heard = []
    kind = convert.msg_type(Sentence)
    profile = qos.for_topic("speech/sentence")
    node.create_subscription(kind, "speech/sentence", lambda msg: heard.append(msg.text), profile)
    sender = node.create_publisher(convert.msg_type(Reply), "dialogue/reply", qos.for_topic("dialogue/reply"))
    until(lambda: sender.get_subscription_count() == 1)
    sender.publish(convert.to_msg(Reply(turn=1, text="fail"), 1))
    sender.publish(convert.to_msg(Reply(turn=1, text="hello"), 1))
    until(lambda: heard)
    assert heard == ["hello 2.0"]


def test_works_once_a_kiosks_nodes_read_and_loses_nothing_until_then(make, make_reader):
    node, _ = make("connect_wait_s:=60.0")
    until(lambda: active(node))
    sender = node.create_publisher(convert.msg_type(Reply), "dialogue/reply", qos.for_topic("dialogue/reply"))
    until(lambda: sender.get_subscription_count() == 1)
    for i in range(20):
        sender.publish(convert.to_msg(Reply(turn=1, text=str(i)), 1))
    until(lambda: node._worker.queued == 20)
    heard = []
    kind = convert.msg_type(Sentence)
    profile = qos.for_topic("speech/sentence")
    for _ in READERS["speech/sentence"]:
        node.create_subscription(kind, "speech/sentence", lambda msg: None, profile)
    until(lambda: node._wiring.publishers["speech/sentence"].get_subscription_count() >= 4)
    assert node._worker.queued == 20, "as many readers as a kiosk has, but strangers"
    for name in sorted(READERS["speech/sentence"]):
        reader = make_reader(name)
        take = heard.append if name == "tts_node" else lambda msg: None
        reader.create_subscription(kind, "speech/sentence", take, profile)
    until(lambda: len(heard) == 20)
    assert [msg.text for msg in heard] == [f"{i} 1.0" for i in range(20)]


def test_nobody_waits_for_nodes_that_the_graph_does_without(make, make_reader):
    absent = sorted(READERS["speech/sentence"] - {"tts_node"})
    node, _ = make("connect_wait_s:=60.0", f"absent_nodes:=[{', '.join(absent)}]")
    until(lambda: active(node))
    sender = node.create_publisher(convert.msg_type(Reply), "dialogue/reply", qos.for_topic("dialogue/reply"))
    until(lambda: sender.get_subscription_count() == 1)
    sender.publish(convert.to_msg(Reply(turn=1, text="hello"), 1))
    until(lambda: node._worker.queued == 1)
    heard = []
    kind = convert.msg_type(Sentence)
    profile = qos.for_topic("speech/sentence")
    make_reader("tts_node").create_subscription(kind, "speech/sentence", lambda msg: heard.append(msg.text), profile)
    until(lambda: heard)
    assert heard == ["hello 1.0"]


@pytest.mark.parametrize(("backend", "reads"), [("good", True), ("deaf", False)])
def test_does_not_subscribe_to_what_its_stage_has_no_use_for(make, backend, reads):
    node, _ = make(f"backend:={backend}")
    until(lambda: active(node))
    assert any(one.topic_name.endswith("dialogue/reply") for one in node.subscriptions) is reads


def test_diagnostics_carry_warning_and_last_error(make):
    from diagnostic_msgs.msg import DiagnosticArray

    node, _ = make()
    until(lambda: active(node))
    seen = []
    node.create_subscription(DiagnosticArray, "/diagnostics", lambda msg: seen.extend(msg.status), 10)
    sender = node.create_publisher(convert.msg_type(Reply), "dialogue/reply", qos.for_topic("dialogue/reply"))
    until(lambda: sender.get_subscription_count() == 1)
    sender.publish(convert.to_msg(Reply(turn=1, text="fail"), 1))
    until(lambda: any(v.key == "last_error" and "echo_failed" in v.value for s in seen for v in s.values))
    assert seen[-1].level == b"\x01" and seen[-1].message in ("degraded", "degraded; echo_failed: cannot echo that")


def test_a_misspelt_parameter_is_refused(make):
    with pytest.raises(ConfigError, match=r"unknown parameter 'gian' of echo_node; known: .*gain"):
        make("gian:=1.0")


@pytest.mark.parametrize(
    ("argument", "text"),
    [("gain:=3.5", "'gain' is 3.5; it must be at most 2"), ("backend:=other", "one of good, broken"),
     ("words:=[1, 2]", "'words' must be a list of texts"), ("words:=a.wav", "'words' must be a list of texts")],
)
def test_bad_values_are_refused_by_name(make, capfd, argument, text):
    node, _ = make(argument)
    until(lambda: node.exit_code is not None)
    assert node.exit_code == EXIT_CONFIG
    assert text in capfd.readouterr().err


def test_a_missing_model_ends_with_the_exit_code_of_bad_configuration(make):
    node, _ = make("backend:=broken")
    until(lambda: node.exit_code is not None)
    assert node.exit_code == EXIT_CONFIG


def test_what_nobody_foresaw_at_configure_is_said_and_ends_the_node(make, capfd):
    node, _ = make("backend:=raises")
    until(lambda: node.exit_code is not None)
    assert node.exit_code == EXIT_FAILED
    said = capfd.readouterr().err
    assert "ZeroDivisionError: a library's own fault" in said and "Traceback" in said


def test_without_autostart_the_lifecycle_is_driven_from_outside(make):
    node, _ = make("autostart:=false")
    assert not active(node)
    node.trigger_configure()
    node.trigger_activate()
    assert active(node)
    stage = node._stage
    heard = []
    profile = qos.for_topic("speech/sentence")
    node.create_subscription(convert.msg_type(Sentence), "speech/sentence", lambda msg: heard.append(msg.text), profile)
    until(lambda: node._wiring.publishers["speech/sentence"].get_subscription_count() == 1)
    node.trigger_deactivate()
    until(lambda: heard)
    assert stage.rests == 1 and heard == ["resting"] and not stage.closed
    node.trigger_cleanup()
    assert stage.closed and node._stage is None
    node.trigger_configure()
    node.trigger_activate()
    assert active(node)


def test_parameters_are_checked_when_set(make):
    from rclpy.parameter import Parameter

    node, _ = make()
    until(lambda: active(node))
    refused = node.set_parameters([Parameter("gain", value=9.0)])[0]
    assert not refused.successful and "at most 2" in refused.reason
    assert node.set_parameters([Parameter("gain", value=0.5)])[0].successful


def test_a_live_parameter_counts_at_once_and_says_so(make):
    from rclpy.parameter import Parameter

    node, _ = make()
    until(lambda: active(node))
    settings = node._stage.settings
    done = node.set_parameters([Parameter("tempo", value=0.5)])[0]
    assert done.successful and done.reason == "takes effect at once" and settings.tempo == 0.5
    refused = node.set_parameters([Parameter("tempo", value=3.0)])[0]
    assert not refused.successful and settings.tempo == 0.5
    done = node.set_parameters_atomically([Parameter("tempo", value=1.5), Parameter("gain", value=2.0)])
    assert done.reason == "tempo: takes effect at once; gain: takes effect at the next configure"
    assert (settings.tempo, settings.gain) == (1.5, 1.0)
    assert "takes effect at once" in node.describe_parameter("tempo").additional_constraints
