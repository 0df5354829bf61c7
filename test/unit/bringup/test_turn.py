"""The relay that `./avatar web --turn` runs: what it may do, who may read it, and what is said where it cannot be."""

from pathlib import Path

import pytest

from avatar_ros.bringup.graph import KioskOptions
from avatar_ros.bringup.turn import make_relay, relay_config
from avatar_ros.bringup.web import WebOptions, plan_web
from avatar_ros.core.errors import ConfigError


def test_it_relays_to_this_machine_alone_and_for_who_has_a_credential(tmp_path):
    lines = relay_config("s3cret", ["10.1.2.3", "fd00::2"], tmp_path / "turn", everywhere=True).splitlines()
    assert "denied-peer-ip=0.0.0.0-255.255.255.255" in lines and "allowed-peer-ip=10.1.2.3" in lines
    assert "use-auth-secret" in lines and "static-auth-secret=s3cret" in lines and "no-cli" in lines
    assert not [line for line in lines if line.startswith(("allow-loopback", "listening-ip"))]
    alone = relay_config("s3cret", ["10.1.2.3"], tmp_path / "turn", everywhere=False).splitlines()
    assert "listening-ip=127.0.0.1" in alone


def test_its_files_are_for_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr("avatar_ros.bringup.turn.shutil.which", lambda name: f"/usr/bin/{name}")
    relay = make_relay(tmp_path / "run", "avatar.example", ["10.1.2.3"], everywhere=True, name="web")
    assert relay.urls == ("turn:avatar.example:3478?transport=udp", "turn:avatar.example:3478?transport=tcp")
    config = relay.process.command[-1]
    for path in (tmp_path / "run").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert relay.secret_file.read_text().strip() in Path(config).read_text()
    assert relay.secret_file.read_text() not in " ".join(relay.process.command), "arguments can be read by everybody"


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("avatar_ros.bringup.turn.shutil.which", lambda name: None)
    with pytest.raises(ConfigError, match="apt install coturn"):
        make_relay(tmp_path, "localhost", ["10.1.2.3"], everywhere=False, name="web")
    with pytest.raises(ConfigError, match="turn-secret-file"):
        plan_web(WebOptions(KioskOptions(mic="none", display="off"), turn_urls=("turn:relay.example",)))


def test_a_relay_elsewhere_is_told_to_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    secret = tmp_path / "secret"
    secret.write_text("shared with the relay\n")
    options = WebOptions(
        KioskOptions(mic="none", display="off"), turn_urls=("turn:relay.example",), turn_secret_file=str(secret)
    )
    nodes, _ = plan_web(options)
    (web,) = [node for node in nodes if node.executable == "web_node"]
    assert web.parameters["turn_urls"] == ["turn:relay.example"] and web.parameters["turn_secret_file"] == str(secret)
