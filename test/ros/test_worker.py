"""StageWorker: order of messages and orders, CANCEL at the next yield, faults, ticks."""

import threading

from avatar_ros.core.clock import SteadyClock, VirtualClock
from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.events import Interrupt
from avatar_ros.core.stage import Out, Stage
from avatar_ros.core.types import Reply, Sentence
from avatar_ros.ros.worker import HOLD_TICK_S, StageWorker

WAIT_S = 30.0  # a bound for a hung test, far above what is needed


class Recorder:
    """Collects what a worker publishes and reports; lets a test wait for a number of them."""

    def __init__(self):
        self.outs = []
        self.errors = []
        self._changed = threading.Condition()

    def publish(self, out):
        with self._changed:
            self.outs.append(out)
            self._changed.notify_all()

    def report(self, error):
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def wait(self, outs=0, errors=0):
        with self._changed:
            done = self._changed.wait_for(lambda: len(self.outs) >= outs and len(self.errors) >= errors, WAIT_S)
        assert done, (self.outs, self.errors)


def run(stage, recorder, queue_limit=100):
    return StageWorker(stage, recorder.publish, recorder.report, SteadyClock(), queue_limit)


class Echo(Stage):
    def push(self, topic, message, now_s):
        yield Out("speech/sentence", Sentence(turn=message.turn, text=message.text))


def test_messages_come_out_in_order():
    recorder = Recorder()
    worker = run(Echo(), recorder)
    for i in range(20):
        worker.push("dialogue/reply", Reply(turn=1, text=str(i)))
    worker.start()
    recorder.wait(outs=20)
    assert [out.message.text for out in recorder.outs] == [str(i) for i in range(20)]
    assert worker.stop(WAIT_S)


def test_cancel_stops_work_at_its_next_yield_and_drops_what_is_queued():
    reached, go_on = threading.Event(), threading.Event()

    class Long(Stage):
        def push(self, topic, message, now_s):
            yield Out("speech/sentence", Sentence(turn=message.turn, text="first"))
            reached.set()
            go_on.wait(WAIT_S)
            yield Out("speech/sentence", Sentence(turn=message.turn, text="second"))

    recorder = Recorder()
    worker = run(Long(), recorder)
    worker.start()
    worker.push("dialogue/reply", Reply(turn=1))
    assert reached.wait(WAIT_S)
    worker.push("dialogue/reply", Reply(turn=1, text="queued behind"))
    worker.push("interrupt", Interrupt(turn=1, action=InterruptAction.CANCEL))
    worker.push("dialogue/reply", Reply(turn=2, text="the next turn"))
    go_on.set()
    recorder.wait(outs=3)
    said = [(out.message.turn, out.message.text) for out in recorder.outs]
    assert said == [(1, "first"), (2, "first"), (2, "second")]
    worker.stop(WAIT_S)


def test_orders_overtake_and_abort_is_called_at_once():
    seen = []

    class Watch(Stage):
        def push(self, topic, message, now_s):
            seen.append(message.text)
            return ()

        def interrupt(self, order, now_s):
            seen.append(order.action.name)
            yield Out("speech/sentence", Sentence(turn=9, text="done"))

        def abort(self, order):
            seen.append("abort")

    recorder = Recorder()
    worker = run(Watch(), recorder)
    worker.push("dialogue/reply", Reply(turn=5, text="later"))
    worker.push("interrupt", Interrupt(turn=1, action=InterruptAction.PAUSE))
    worker.push("interrupt", Interrupt(turn=1, action=InterruptAction.CANCEL))
    worker.start()
    recorder.wait(outs=2)
    worker.stop(WAIT_S)
    assert seen[:3] == ["abort", "PAUSE", "CANCEL"]


def test_a_fault_is_reported_and_the_next_message_is_served():
    class Frail(Stage):
        def push(self, topic, message, now_s):
            if message.text == "bad":
                raise ZeroDivisionError("from a backend")
            yield Out("speech/sentence", Sentence(turn=1, text=message.text))

    recorder = Recorder()
    worker = run(Frail(), recorder)
    worker.start()
    worker.push("dialogue/reply", Reply(turn=1, text="bad"))
    worker.push("dialogue/reply", Reply(turn=1, text="good"))
    recorder.wait(outs=1, errors=1)
    assert isinstance(recorder.errors[0], ZeroDivisionError)
    assert recorder.outs[0].message.text == "good"
    worker.stop(WAIT_S)


def test_wake_calls_tick_without_a_period():
    class Device(Stage):
        def tick(self, now_s):
            yield Out("speech/sentence", Sentence(turn=1, text="from the device"))

    recorder = Recorder()
    stage = Device()
    worker = run(stage, recorder)
    worker.start()
    stage.wake()
    recorder.wait(outs=1)
    assert recorder.outs[0].message.text == "from the device"
    worker.stop(WAIT_S)


def test_a_full_queue_drops_the_oldest_and_counts():
    recorder = Recorder()
    worker = run(Echo(), recorder, queue_limit=3)
    for i in range(5):
        worker.push("dialogue/reply", Reply(turn=1, text=str(i)))
    worker.start()
    recorder.wait(outs=3)
    worker.stop(WAIT_S)
    assert [out.message.text for out in recorder.outs] == ["2", "3", "4"]
    assert worker.dropped == 2


class Busy(Stage):
    """Its ticks take all their time; says how many messages it had seen at each. push_s: what a message costs."""

    tick_period_s = 0.001

    def __init__(self, clock, push_s=0.0):
        super().__init__()
        self._clock, self._push_s, self._seen = clock, push_s, 0

    def push(self, topic, message, now_s):
        self._seen += 1
        self._clock.advance(self._push_s)
        return ()

    def tick(self, now_s):
        self._clock.advance(2 * self.tick_period_s)
        yield Out("speech/sentence", Sentence(turn=1, index=self._seen))


def seen_at_first_tick(push_s):
    clock, recorder = VirtualClock(), Recorder()
    worker = StageWorker(Busy(clock, push_s), recorder.publish, recorder.report, clock, 1000)
    for _ in range(100):
        worker.push("dialogue/reply", Reply(turn=1))
    worker.start()
    recorder.wait(outs=1)
    worker.stop(WAIT_S)
    return recorder.outs[0].message.index


def test_a_stage_whose_ticks_take_all_its_time_does_not_fall_behind_its_messages():
    assert seen_at_first_tick(0.0) == 100


def test_messages_hold_up_a_tick_for_a_bounded_time():
    assert seen_at_first_tick(HOLD_TICK_S / 5) == 5
