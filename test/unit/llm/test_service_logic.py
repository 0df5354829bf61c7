"""Keys, addresses and faults: what needs no server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml

from avatar_ros.core.api_keys import find_key, read_env_file
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.core.retry_after import retry_after_s
from avatar_ros.core.types import Prompt
from avatar_ros.llm.base import LlmSettings
from avatar_ros.llm.openai_settings import OpenAiSettings
from avatar_ros.llm.request import checked_url, extra_body, request, system_prompt
from avatar_ros.llm.service_errors import error_of_status
from avatar_ros.llm.stage import build

CONFIG = Path(__file__).resolve().parents[3] / "config"
NOW = datetime(2026, 11, 21, 15, 5)


def test_key_comes_from_the_environment_first(tmp_path):
    path = tmp_path / ".env"
    path.write_text('KEY="from file"\nKEY_B=b # the second\n=x\nno sign\n  export KEY_C = c \n', encoding="utf-8")
    assert read_env_file(path) == {"KEY": "from file", "KEY_B": "b", "KEY_C": "c"}
    assert find_key("KEY", str(path), {"KEY": "outside"}) == "outside"
    assert find_key("KEY_B", str(path), {}) == "b"
    assert find_key("", str(path), {}) == ""


@pytest.mark.parametrize(
    ("variable", "environment", "code"),
    [
        ("KEY", {}, "key_missing"),
        ("KEY", {"KEY": ""}, "key_missing"),
        ("sk-123", {}, "key_variable"),
        ("KEY", {"KEY": "sk-1\n23"}, "key_unusable"),
        ("KEY", {"KEY": "sk-…"}, "key_unusable"),
    ],
)
def test_unusable_keys_are_refused_and_never_repeated(variable, environment, code):
    with pytest.raises(ConfigError) as caught:
        find_key(variable, "nowhere/.env", environment)
    assert caught.value.code == code
    assert "sk-" not in str(caught.value)


def test_unreadable_key_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=str(tmp_path)):
        read_env_file(tmp_path)


@pytest.mark.parametrize(
    "url", ["", "api.openai.com", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1"]
)
def test_address_that_is_none(url):
    with pytest.raises(ConfigError, match="url"):
        checked_url(url)


def test_address_must_not_hold_a_password():
    with pytest.raises(ConfigError) as caught:
        checked_url("https://me:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)
    assert checked_url("http://127.0.0.1:11434/v1")


@pytest.mark.parametrize("text", ["{", "[1]", "1"])
def test_extra_body_must_be_an_object(text):
    with pytest.raises(ConfigError, match="extra_body"):
        extra_body(text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:30 GMT"}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, 0.0),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after_s(headers) == seconds


@pytest.mark.parametrize(
    ("status", "retryable", "lasting"),
    [
        (400, False, False),
        (401, False, True),
        (404, False, True),
        (408, True, True),
        (429, True, True),
        (503, True, True),
    ],
)
def test_what_follows_from_a_status(status, retryable, lasting):
    fault = error_of_status(status, "some words of the user", {}, "KEY")
    assert (fault.retryable, fault.lasting) == (retryable, lasting)
    assert str(status) in fault.text and "user" not in fault.text


def test_system_prompt_knows_time_and_place_and_keeps_other_braces():
    text = '{name} at {place}, {weekday} {date} {time} {locale} {"a": {x}}'
    settings = OpenAiSettings(system_prompt=text, place="home")
    assert system_prompt(settings, "zh-CN", NOW) == 'Robin at home, Saturday 21 November 2026 15:05 zh-CN {"a": {x}}'


def test_service_may_keep_its_own_temperature_and_length():
    body = request(OpenAiSettings(temperature=-1.0, max_tokens=0, system_prompt=""), {}, Prompt(text="hi"), NOW)
    assert body == {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "stream": True}


@pytest.mark.parametrize("path", sorted(CONFIG.glob("llm_*.yaml")), ids=lambda path: path.stem)
def test_ready_made_profiles_are_valid_and_hold_no_key(path):
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    given = tree["/**/llm_node"]["ros__parameters"]
    own = OpenAiSettings(**given.pop("openai"))
    settings = LlmSettings(**given)
    assert settings.backend == "openai" and settings.fallback == "answers"
    assert checked_url(own.url) and extra_body(own.extra_body) is not None
    assert not own.key_variable or own.key_variable.endswith("_API_KEY")


def test_unknown_backend_names_the_known_ones():
    with pytest.raises(UnknownBackendError, match="answers, openai, fake"):
        build(LlmSettings(backend="gpt"))
