"""The helper process finds the same phones as the same decoder here, and is not missed when it dies."""

from __future__ import annotations

import signal

import numpy as np
import pytest

pytest.importorskip("pocketsphinx")

from avatar_ros.asr import phone_loop_process as phones_beside
from avatar_ros.asr.phone_loop_process import PhoneLoopProcess, make_loop, phones
from avatar_ros.core.helper_process import Helper, HelperDeadError


def sound(seed: int, seconds: float = 1.0) -> bytes:
    """Bursts of buzz with changing colour, and hiss: the loop hears several phones in it."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(round(16000 * seconds)) / 16000
    buzz = sum(np.sin(2 * np.pi * 120 * k * at_s) * rng.uniform(0.2, 1) for k in range(1, 20))
    loud = np.repeat(rng.uniform(0, 1, 1 + len(at_s) // 1600), 1600)[: len(at_s)]
    return (400 * buzz * loud + rng.normal(0, 100, len(at_s))).astype(np.int16).tobytes()


@pytest.fixture
def beside():
    beside = PhoneLoopProcess()
    yield beside
    beside.close()


def heard(beside: PhoneLoopProcess, data: bytes):
    beside.start(data)
    return [(s.text, s.start, s.end, s.score) for s in beside.result()]


def test_same_phones_as_the_decoder_here(beside):
    loop = make_loop()
    for seed in range(3):
        wanted = phones(loop, sound(seed))
        assert len(wanted) > 1
        assert heard(beside, sound(seed)) == wanted


def test_helper_that_dies_is_replaced_and_nothing_is_lost(beside):
    wanted = phones(make_loop(), sound(1))
    for when in ("before", "between"):
        assert beside._helper is not None
        first = beside._helper.process
        if when == "between":
            beside.start(sound(1))
        first.kill()
        first.wait()
        if when == "before":
            beside.start(sound(1))
        assert [(s.text, s.start, s.end, s.score) for s in beside.result()] == wanted
        assert heard(beside, sound(1)) == wanted
        assert beside._helper is not None and beside._helper.process is not first


def test_helper_that_keeps_dying_is_done_without(beside, monkeypatch):
    monkeypatch.setattr(phones_beside, "_REPLY_TIMEOUT_S", 0.0)
    wanted = phones(make_loop(), sound(2))
    for _ in range(6):
        assert heard(beside, sound(2)) == wanted
    assert beside._helper is None


def test_reply_that_nobody_took_is_not_taken_for_the_next(beside):
    wanted = phones(make_loop(), sound(2))
    beside.start(sound(1))
    assert heard(beside, sound(2)) == wanted


def test_what_a_hanging_helper_does_not_take_is_not_waited_for():
    helper = Helper("avatar_ros.asr.phone_loop_process")
    helper.send(b"S", sound(0))
    assert helper.receive(60.0)[0] == b"L"
    helper.process.send_signal(signal.SIGSTOP)
    with pytest.raises(HelperDeadError, match="takes nothing"):
        helper.send(b"S", bytes(2**20), timeout_s=0.1)
    helper.process.send_signal(signal.SIGCONT)
    helper.close()
