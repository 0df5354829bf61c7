"""The stand-ins for the services, and what the pipeline adds to their delays."""

import json
import sys
import time
import urllib.request

import pytest

from avatar_ros.core.errors import UnknownBackendError
from avatar_ros.testing.settings import make
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from benchmarks.conversation import turn
from benchmarks.conversation.services import Delays, Times, added, services


def test_what_the_pipeline_adds_is_what_the_services_do_not_take():
    steps = added(Times([10.01], [11.98], [(12.0, 12.5)]), [10.0], [12.53])
    assert steps["added in all"] == [pytest.approx(10 + 20 + 30, abs=0.2)]
    alone = added(Times([10.01], [11.98], None), [10.0], [12.04])
    assert alone["first sentence complete to first sound"] == [pytest.approx(60, abs=0.2)]


def test_a_library_that_is_missing_is_named_before_anything_is_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)  # what Python does with a module that cannot be imported
    monkeypatch.delitem(sys.modules, "avatar_ros.tts.edge", raising=False)
    monkeypatch.setattr(turn, "question_files", lambda *_: pytest.fail("it began to measure"))
    with pytest.raises(UnknownBackendError, match=r"setup --with (edge|openai)"):
        turn.main(["--turns", "1", "--services"])


def test_the_services_tell_when_they_were_asked_and_answered():
    pytest.importorskip("avatar_ros.tts.edge", reason="edge-tts is not installed")
    begun_s = time.monotonic()
    with services(Delays(0.0, 0.0, 0.0), edge=True) as running:
        url = running.parameters["llm_node"]["openai.url"]
        body = json.dumps({"model": "local", "stream": True, "messages": []}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/chat/completions", body), timeout=60) as answer:
            said = answer.read().decode()
        voice = make(TTS_BACKENDS, TtsSettings, backend="edge", url=running.parameters["tts_node"]["edge.url"])
        voice.load()
        assert sum(len(part.pcm) for part in voice.speak("one two", "en-US"))
        times = running.times()
    assert "exhibition" in said and said.endswith("[DONE]\n\n")
    instants = [begun_s, times.came[0], times.completed[0], *times.asked[0], time.monotonic()]
    assert instants == sorted(instants) and len(times.came) == len(times.asked) == 1
