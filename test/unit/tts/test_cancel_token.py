"""Cancelling: whatever ending a wait raises, nothing more is said."""

import threading

import numpy as np
import pytest

from avatar_ros.core.types import Sentence
from avatar_ros.tts.base import Part, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.synthesis_job import ThreadJob
from avatar_ros.tts.turn import TurnSpeech

RATE = 24000


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize("error", [OSError("gone"), AttributeError("sock"), RuntimeError("the loop is closed")])
def test_what_ended_by_itself_does_not_stop_the_stopping(error):
    stop, ended = CancelToken(), []
    with stop.on_cancel(raising(error)), stop.on_cancel(lambda: ended.append(1)):
        stop.cancel()
        with stop.on_cancel(raising(error)):
            ended.append(2)
    assert stop.cancelled and ended == [1, 2]


def test_a_cancelled_job_gives_nothing_though_its_stop_fails():
    stop, come = CancelToken(), threading.Event()
    job = ThreadJob(iter([Part(np.ones(240, np.int16), RATE)]), come.set, stop)
    while not job._finished:
        come.wait(1.0)
    with stop.on_cancel(raising(ZeroDivisionError())), pytest.raises(ZeroDivisionError):
        job.cancel()
    assert job.poll() is None and job.done


def test_a_cancelled_turn_is_silent_though_its_voice_fails():
    class Failing:
        done = False

        def poll(self):
            return Part(np.ones(2400, np.int16), RATE)

        cancel = staticmethod(raising(ZeroDivisionError()))

    turn = TurnSpeech("", (0, 1), TtsSettings(), lambda text, locale: Failing())
    turn.add(Sentence(turn=1, text="Hello.", last=True))
    next(turn.chunks(0.0))
    with pytest.raises(ZeroDivisionError):
        turn.cancel()
    assert turn.closed and turn.idle and not list(turn.chunks(9.0))
