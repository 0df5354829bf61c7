"""What the doctor says of libraries, models, keys and services."""

import json
import socket

import pytest

from avatar_ros.bringup.machine.main import parse
from avatar_ros.bringup.machine.venv import EXTRAS
from avatar_ros.commands import checks, checks_optional


def test_keys_are_named_and_never_shown(tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text("DASHSCOPE_API_KEY=sk-hidden-too\n")
    found = checks_optional.keys({"OPENAI_API_KEY": "sk-hidden"}, env_file)
    assert found.good and found.detail == "set: OPENAI_API_KEY (environment), DASHSCOPE_API_KEY (.env)"
    assert "hidden" not in repr(found)
    nothing = checks_optional.keys({}, tmp_path / "none")
    assert not nothing.good and "export OPENAI_API_KEY" in nothing.remedy


def test_services_are_tried():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        places = {"here": server.getsockname()[:2], "gone": closed.getsockname()[:2]}
        assert checks_optional.services(places).detail == "reached: here"
    assert not checks_optional.services({"gone": places["gone"]}).good


def test_models_that_were_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert not checks_optional.models().good
    folder = tmp_path / "avatar_ros/models/lam_audio2exp"
    folder.mkdir(parents=True)
    (folder / "fetched.json").write_text(json.dumps({"LAM_audio2exp_streaming.tar": {"url": "x", "sha256": "y"}}))
    assert checks_optional.models().detail == "fetched: lam_audio2exp"


def test_missing_libraries_say_what_they_are_for(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "funasr" else object())
    found = checks_optional.libraries()
    assert not found.good and "funasr (SenseVoice on PyTorch)" in found.remedy and "openai" in found.detail
    assert found.remedy.startswith("./avatar setup --with sensevoice brings ")


def test_the_command_that_brings_missing_libraries_is_one_that_avatar_takes(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    command = checks_optional.libraries().remedy.partition(" brings ")[0].split()
    call = parse(command[1:])
    assert command[0] == "./avatar" and call.verb == "setup" and not call.rest
    assert set(call.extras) <= set(EXTRAS) and {"openai", "edge", "sherpa", "sensevoice"} <= set(call.extras)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "livekit" else object())
    assert checks_optional.libraries().remedy.startswith("./avatar setup brings livekit ")


def test_the_canceller_is_tried():
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    assert checks.echo_cancellation().good
