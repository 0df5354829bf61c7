"""Our executor does what rclpy's does: the same test over both."""

from __future__ import annotations

import threading
import time

import pytest

rclpy = pytest.importorskip("rclpy")

from lifecycle_msgs.srv import GetState  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from std_msgs.msg import Int32  # noqa: E402

from avatar_ros.ros import executor as module  # noqa: E402
from avatar_ros.ros.executor import LeanExecutor  # noqa: E402

WAIT_S = 60.0


def until(condition):
    """Look again and again until it is true."""
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


class Spinner:
    """A context, two nodes, and an executor that spins in a thread of its own."""

    def __init__(self, kind):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.nodes = [rclpy.create_node(f"lean_{i}", context=self.context) for i in range(2)]
        self.executor = kind(context=self.context)
        for node in self.nodes:
            self.executor.add_node(node)
        self.changed = threading.Condition()
        self.events = []
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def note(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_S), self.events

    def close(self):
        self.executor.shutdown()
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()
        for node in self.nodes:
            node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture(params=[SingleThreadedExecutor, LeanExecutor], ids=["rclpy", "lean"])
def spinner(request, monkeypatch):
    monkeypatch.setattr(module, "EVENTS_PERIOD_S", 1e6)  # what is served then must be served without it
    spinner = Spinner(request.param)
    yield spinner
    spinner.close()


def connected(spinner, publisher, count=1):
    spinner.wait(lambda: publisher.get_subscription_count() == count)


def wake_often(spinner):
    """So that `wait` looks again: DDS tells nobody of its matches."""
    return spinner.nodes[0].create_timer(0.01, lambda: spinner.note("beat"))


def numbers(spinner):
    return [event for event in spinner.events if isinstance(event, int)]


def test_all_messages_in_order(spinner):
    first, second = spinner.nodes
    second.create_subscription(Int32, "numbers", lambda msg: spinner.note(msg.data), 1000)
    publisher = first.create_publisher(Int32, "numbers", 1000)
    wake_often(spinner)
    connected(spinner, publisher)
    for number in range(300):
        publisher.publish(Int32(data=number))
    spinner.wait(lambda: len(numbers(spinner)) == 300)
    assert numbers(spinner) == list(range(300))


def test_what_is_made_while_it_spins_is_served_and_what_is_destroyed_is_not(spinner):
    first, second = spinner.nodes
    publisher = first.create_publisher(Int32, "numbers", 10)
    beat = wake_often(spinner)
    for round_ in range(10):
        taken = second.create_subscription(Int32, "numbers", lambda msg: spinner.note(msg.data), 10)
        connected(spinner, publisher)
        publisher.publish(Int32(data=round_))
        spinner.wait(lambda seen=round_: seen in spinner.events)
        second.destroy_subscription(taken)
        connected(spinner, publisher, 0)
    first.destroy_timer(beat)
    assert numbers(spinner) == list(range(10))


def test_timers_repeat_and_can_cancel_themselves(spinner):
    timers = []

    def once():
        timers[0].cancel()
        spinner.note("once")

    timers.append(spinner.nodes[0].create_timer(0.0, once))
    wake_often(spinner)
    spinner.wait(lambda: spinner.events.count("beat") >= 20)
    assert spinner.events.count("once") == 1


def test_services_clients_and_coroutines_are_served(spinner):
    first, second = spinner.nodes

    def answer(_request, response):
        response.current_state.label = "here"
        return response

    async def take(msg):
        spinner.note(msg.data)

    second.create_service(GetState, "ask", answer)
    second.create_subscription(Int32, "numbers", take, 10)
    client = first.create_client(GetState, "ask")
    publisher = first.create_publisher(Int32, "numbers", 10)
    wake_often(spinner)
    assert client.wait_for_service(WAIT_S)
    connected(spinner, publisher)
    client.call_async(GetState.Request()).add_done_callback(
        lambda done: spinner.note(done.result().current_state.label)
    )
    publisher.publish(Int32(data=7))
    spinner.wait(lambda: "here" in spinner.events and 7 in spinner.events)


def test_a_service_does_not_make_it_slow_for_ever(monkeypatch):
    slow = []
    base = SingleThreadedExecutor._spin_once_impl
    monkeypatch.setattr(
        SingleThreadedExecutor, "_spin_once_impl", lambda self, *args: (slow.append(1), base(self, *args))
    )
    spinner = Spinner(LeanExecutor)
    try:
        first, second = spinner.nodes
        second.create_service(GetState, "ask", lambda _request, response: response)
        client = first.create_client(GetState, "ask")
        assert client.wait_for_service(WAIT_S)
        client.call_async(GetState.Request()).add_done_callback(lambda _done: spinner.note("answered"))
        spinner.wait(lambda: "answered" in spinner.events)
        wake_often(spinner)
        spinner.wait(lambda: "beat" in spinner.events)
        before = len(slow)
        spinner.wait(lambda: spinner.events.count("beat") >= 30)
        assert len(slow) == before
    finally:
        spinner.close()


@pytest.mark.parametrize("kind", [SingleThreadedExecutor, LeanExecutor])
def test_what_a_callback_raises_reaches_whoever_spins(kind):
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("raises", context=context)
    executor = kind(context=context)
    executor.add_node(node)
    node.create_timer(0.0, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        for _ in range(1000):
            executor.spin_once(0.1)
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_a_drowsy_subscription_waits_for_others_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(module, "EVENTS_PERIOD_S", 1e6)
    spinner = Spinner(LeanExecutor)
    reader, writer = spinner.nodes
    drowsy = reader.create_subscription(Int32, "drowsy", lambda msg: spinner.note(("drowsy", msg.data)), 100)
    reader.create_subscription(Int32, "awake", lambda msg: spinner.note(("awake", msg.data)), 100)
    often, seldom = (writer.create_publisher(Int32, name, 100) for name in ("drowsy", "awake"))
    asleep = [drowsy]
    spinner.executor.drowsy = lambda: asleep
    try:
        until(lambda: often.get_subscription_count() and seldom.get_subscription_count())
        for number in range(5):
            often.publish(Int32(data=number))
        number = 0
        while [data for name, data in spinner.events if name == "drowsy"] != [*range(5)]:
            seldom.publish(Int32(data=number))
            spinner.wait(lambda number=number: ("awake", number) in spinner.events)
            number += 1
            assert number < 10_000, spinner.events
        asleep.clear()  # known with the next message at the latest
        seldom.publish(Int32(data=-1))
        spinner.wait(lambda: ("awake", -1) in spinner.events)
        often.publish(Int32(data=5))
        spinner.wait(lambda: ("drowsy", 5) in spinner.events)
    finally:
        spinner.close()


def test_what_is_drowsy_is_taken_when_a_wait_is_over():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("lean_drowsy", context=context)
    executor = LeanExecutor(context=context)
    executor.add_node(node)
    seen = []
    subscription = node.create_subscription(Int32, "alone", lambda msg: seen.append(msg.data), 100)
    executor.drowsy = lambda: [subscription]
    publisher = node.create_publisher(Int32, "alone", 100)
    until(publisher.get_subscription_count)
    publisher.publish(Int32(data=7))
    until(lambda: executor.spin_once(timeout_sec=0.05) or seen)
    assert seen == [7]
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown(context=context)
