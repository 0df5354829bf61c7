"""Two recognisers together: who is heard when, what their threads do, and what a fault of the second becomes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from avatar_ros.asr.background_stream import BackgroundStream
from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings, Hypothesis
from avatar_ros.asr.cascade import CascadeStream
from avatar_ros.core.errors import AsrError, ConfigError, UnknownBackendError

SOUND = np.ones(512, np.int16)


class Ear:
    """A RecognitionStream that says what it is told to, and may wait or fail."""

    def __init__(self, final, partial=None, gate=None, fault=None):
        self.final, self.said = final, partial or Hypothesis()
        self.gate, self.fault = gate, fault
        self.samples, self.accepted, self.ended, self.threads = 0, 0, "", set()

    def accept(self, pcm):
        self.threads.add(threading.current_thread().name)
        if self.gate:
            assert self.gate.wait(30)
        if self.fault:
            raise self.fault
        self.samples += len(pcm)
        self.accepted += 1

    def partial(self):
        return self.said

    def finish(self):
        self.ended = "finished"
        return self.final

    def abandon(self):
        self.ended = "abandoned"


SURE = Hypothesis("what time is it", 0.9, complete=True)
REJECTED = Hypothesis("", 0.1, rejected=True)
FREE = Hypothesis("How tall is this tower?", 0.8, complete=True)


@pytest.fixture
def worker():
    with ThreadPoolExecutor(1, "second-ear") as pool:
        yield pool


def both(first, second, worker):
    return CascadeStream(first, BackgroundStream(second, worker))


def test_the_first_is_not_kept_waiting_by_the_second(worker):
    gate = threading.Event()
    first, second = Ear(SURE), Ear(FREE, gate=gate)
    stream = both(first, second, worker)
    for _ in range(5):
        stream.accept(SOUND)
    assert stream.finish() == SURE  # the second has not even begun
    assert (first.samples, second.samples) == (5 * 512, 0)
    gate.set()
    worker.submit(lambda: None).result()
    assert second.ended == "abandoned"
    assert second.samples <= 512  # what had not begun was left out


def test_what_the_first_rejects_the_second_has_heard_whole_on_a_thread_of_its_own(worker):
    second = Ear(FREE)
    stream = both(Ear(REJECTED), second, worker)
    for _ in range(5):
        stream.accept(SOUND)
    assert stream.finish() == FREE
    assert second.samples == 5 * 512
    assert all(name.startswith("second-ear") for name in second.threads)


def test_what_the_first_is_sure_of_the_second_hears_only_if_it_was_not_all(worker):
    first, second = Ear(REJECTED), Ear(FREE)
    stream = both(first, second, worker)
    stream.accept(SOUND)
    first.said = SURE
    stream.accept(SOUND)
    worker.submit(lambda: None).result()
    assert (second.samples, stream.partial()) == (512, SURE)
    first.said = Hypothesis()
    stream.accept(SOUND)
    assert stream.finish() == FREE
    assert second.samples == 3 * 512


def test_both_unsure_is_rejected(worker):
    stream = both(Ear(REJECTED), Ear(REJECTED), worker)
    stream.accept(SOUND)
    assert stream.finish().rejected


@pytest.mark.parametrize(
    ("known", "free", "shown"),
    [
        (SURE, FREE, SURE),
        (Hypothesis("what time"), Hypothesis("How tall"), Hypothesis("How tall")),
        (Hypothesis("what time"), Hypothesis(), Hypothesis("what time")),
    ],
)
def test_partial_words_are_the_seconds_until_the_first_is_sure(worker, known, free, shown):
    stream = both(Ear(SURE, known), Ear(FREE, free), worker)
    stream.accept(SOUND)
    worker.submit(lambda: None).result()
    assert stream.partial() == shown


def test_a_fault_of_the_second_is_told_where_it_is_wanted_and_not_swallowed(worker):
    fault = AsrError("asr_broken", "no more")
    stream = both(Ear(REJECTED), Ear(FREE, fault=fault), worker)
    stream.accept(SOUND)
    with pytest.raises(AsrError, match="no more"):
        stream.finish()


@pytest.mark.parametrize("second", ["", "cascade", "pocketsphinx"])
def test_a_second_that_is_none_is_named(second):
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    with pytest.raises(ConfigError, match="second"):
        ASR_BACKENDS.make("cascade", AsrSettings(backend="cascade", second=second))
    with pytest.raises(UnknownBackendError, match="nobody"):
        ASR_BACKENDS.make("cascade", AsrSettings(backend="cascade", second="nobody"))


def test_what_came_while_it_worked_is_heard_at_once(worker):
    """So that a pause which is over by then is none: nothing is decoded for it."""
    gate = threading.Event()
    second = Ear(FREE, gate=gate)
    stream = BackgroundStream(second, worker)
    for _ in range(5):
        stream.accept(SOUND)
    gate.set()
    assert stream.finish() == FREE
    assert (second.samples, second.accepted) == (5 * 512, 2)
