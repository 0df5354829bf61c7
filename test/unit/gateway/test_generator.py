"""The processes of /generate: what is loaded before anybody asks, what is counted, what becomes of one that dies."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from avatar_ros.gateway.generator import FailedError, Generator, Job

WAIT_S = 120.0
TRIAL = Job("mp4", "builtin", "64x64", 10.0, "trial", "en-US", None, "", 10.0)
TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def found(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def make(**options):
    return closing(Generator("echo_generator", 1, 4, **options))


def job(text):
    return Job("jpeg", "builtin", "64x64", 10.0, text, "en-US", None, "", 10.0)


def texts(generator, text):
    return json.loads(generator.submit(job(text), b"").result(WAIT_S))


def test_models_are_loaded_before_anybody_asks_and_that_counts_as_no_request():
    began = threading.Event()

    def may():
        began.set()
        return True

    with make(trial=TRIAL, may_begin=may) as generator:
        assert began.wait(WAIT_S)
        assert texts(generator, "one") == ["trial", "one"]
        assert generator.done == 1


def test_who_asks_first_waits_for_no_trial():
    with make(trial=TRIAL, may_begin=lambda: False) as generator:
        assert texts(generator, "one") == ["one"]
        assert texts(generator, "two") == ["one", "two"]
        assert generator.done == 2


def test_a_process_that_dies_or_refuses_costs_its_own_request_alone():
    with make() as generator:
        assert texts(generator, "one") == ["one"]
        with pytest.raises(FailedError, match="cannot be"):
            generator.submit(job("no"), b"").result(WAIT_S)
        with pytest.raises(FailedError, match="try again"):
            generator.submit(job("die"), b"").result(WAIT_S)
        assert texts(generator, "two") == ["two"]
        assert generator.done == 2


def test_a_trial_that_cannot_be_made_is_no_end():
    asked = threading.Event()

    def may():
        asked.set()
        return True

    with make(trial=job("die"), may_begin=may) as generator:
        assert asked.wait(WAIT_S)
        assert texts(generator, "one") == ["one"]


def test_at_the_end_nobody_waits_for_a_process_that_is_at_work():
    begun = threading.Event()
    with make() as generator:
        future = generator.submit(job("for ever"), b"", lambda *_: begun.set())
        assert begun.wait(WAIT_S)
    with pytest.raises(FailedError, match="has failed"):
        future.result(WAIT_S)
