"""The containers of docker/compose.yaml: what Compose makes of it, and what their commands run. No image is built."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from avatar_ros.bringup.turn import relay_config
from avatar_ros.cli import parser_for
from avatar_ros.core.paths import user_data_folder

ROOT = Path(__file__).resolve().parents[3]
COMPOSE, EXAMPLE = ROOT / "docker/compose.yaml", ROOT / "docker/.env.example"


def test_the_container_is_given_what_its_example_names():
    text = COMPOSE.read_text()
    service = yaml.safe_load(text)["services"]["avatar"]
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", text)) == set(re.findall(r"^(\w+)=", EXAMPLE.read_text(), re.M))
    assert not re.search(r"(?<!\$)(?:\$\$)*\$[\w@#]", text), "compose would put its own variables there"
    assert (ROOT / "docker" / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


@pytest.fixture(scope="module")
def compose():
    """The words that call Compose here: Docker's plugin, or the older program of its own."""
    for words in (["docker", "compose"], ["docker-compose"]):
        asked = shutil.which(words[0]) and subprocess.run([*words, "version"], check=False, capture_output=True)
        if asked and asked.returncode == 0:
            return words
    pytest.skip("neither docker compose nor docker-compose is installed (apt install docker-compose)")


def config(compose, env_file, *options):
    """What `config` says: (exit code, what it printed, its complaint). It needs no engine."""
    command = [*compose, "--env-file", env_file, "-f", COMPOSE, *options, "config"]
    usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(command, env=usual, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def ports(service):
    """{port in the container and its protocol: port of the host}, from either way in which Compose writes them."""
    return {(int(one["target"]), one.get("protocol", "tcp")): int(one["published"]) for one in service["ports"]}


def folders(service):
    """{volume's name: the folder in the container}."""
    split = (one.split(":") if isinstance(one, str) else (one["source"], one["target"]) for one in service["volumes"])
    return {name: folder for name, folder, *_ in split}


def test_compose_takes_it_with_the_example(compose):
    code, text, complaint = config(compose, EXAMPLE, "--profile", "turn")
    assert (code, complaint) == (0, "")
    made = yaml.safe_load(text)
    avatar, turn = made["services"]["avatar"], made["services"]["turn"]
    assert set(made["services"]) == {"avatar", "turn"}
    assert (ports(avatar), ports(turn)) == ({(8443, "tcp"): 8443}, {(3478, "udp"): 3478, (3478, "tcp"): 3478})
    assert folders(avatar) == {"data": str(user_data_folder({"XDG_DATA_HOME": "/root/.local/share"}))}
    assert set(made["volumes"]) == {"data"}
    assert (Path(avatar["build"]["context"]) / avatar["build"]["dockerfile"]).is_file()
    assert avatar["build"]["args"] == {"EXTRAS": "web"} and avatar["environment"]["AVATAR_WEB_NAME"] == "avatar.local"
    assert avatar["healthcheck"]["test"][0] == "CMD" and "/health'" in avatar["healthcheck"]["test"][-1]
    assert {avatar["restart"], turn["restart"]} == {"unless-stopped"}


def test_compose_puts_in_every_variable(compose, tmp_path):
    given = {name: f"value-of-{name.lower()}" for name in re.findall(r"^(\w+)=", EXAMPLE.read_text(), re.M)}
    given |= {"AVATAR_WEB_PORT": "9443", "AVATAR_TURN_PORT": "3479"}
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    code, text, complaint = config(compose, tmp_path / "env", "--profile", "turn")
    assert (code, complaint) == (0, "")
    assert {value for value in given.values() if value in text} == set(given.values())
    services = yaml.safe_load(text)["services"]
    assert ports(services["avatar"]) == {(8443, "tcp"): 9443} and set(ports(services["turn"]).values()) == {3479}
    as_written = yaml.safe_load(COMPOSE.read_text())["services"]
    assert services["avatar"]["command"] == as_written["avatar"]["command"], "the shell's variables stay the shell's"
    assert services["turn"]["entrypoint"] == as_written["turn"]["entrypoint"]


def test_compose_refuses_it_without_a_name(compose, tmp_path):
    (tmp_path / "env").write_text(EXAMPLE.read_text().replace("=avatar.local", "="))
    code, _, complaint = config(compose, tmp_path / "env")
    assert code and "set it in docker/.env" in complaint


def run_command(command, folder, **environment):
    """What a container's command would run, in this machine's shell: (exit code, the words of the last program)."""
    for name in ("avatar", "turnserver"):
        (folder / name).write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done > words\n')
        (folder / name).chmod(0o755)
    usual = {"AVATAR_WEB_NAME": "avatar.example", "AVATAR_WEB_PROFILE": "embedded", "AVATAR_TURN_PORT": "3479",
             "AVATAR_TURN_FILE": str(folder / "secret"), "PATH": f"{folder}:/usr/bin:/bin"}  # fmt: skip
    words = [word.replace("$$", "$") for word in command]
    code = subprocess.run(words, cwd=folder, env=usual | environment, check=False, capture_output=True).returncode
    return code, (folder / "words").read_text().splitlines() if code == 0 else []


def test_the_container_runs_what_can_be_typed(tmp_path):
    service = yaml.safe_load(COMPOSE.read_text())["services"]["avatar"]
    _, words = run_command(service["command"], tmp_path, AVATAR_WEB_ARGUMENTS="--locale de")
    options = parser_for("web").parse_args(words)
    assert options.lan and options.name == ["avatar.example"] and options.locale == "de"
    assert not options.turn_url and not (tmp_path / "secret").exists()
    assert service["ports"][0].endswith(f":{options.port}")
    assert str(options.port) in service["healthcheck"]["test"][-1]


def test_the_relays_container_shares_its_secret_and_reaches_the_avatar_alone(tmp_path):
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    avatar, turn = services["avatar"], services["turn"]
    secret = "north wind and the sun"
    assert turn["profiles"] == ["turn"] and "profiles" not in avatar
    _, words = run_command(avatar["command"], tmp_path, AVATAR_TURN_SECRET=secret)
    options = parser_for("web").parse_args(words)
    assert options.turn_url == [f"turn:avatar.example:3479?transport={way}" for way in ("udp", "tcp")]
    assert Path(options.turn_secret_file).read_text().strip() == secret
    assert Path(options.turn_secret_file).stat().st_mode & 0o777 == 0o600
    code, words = run_command(turn["entrypoint"], tmp_path, AVATAR_TURN_SECRET=secret)
    assert code == 0 and f"--static-auth-secret={secret}" in words and "--use-auth-secret" in words
    own = avatar["networks"]["avatar"]["ipv4_address"]
    assert [word for word in words if word.startswith("--allowed-peer-ip")] == [f"--allowed-peer-ip={own}"]
    made_here = relay_config(secret, [own], tmp_path / "turn", everywhere=True).splitlines()
    of_its_own = {"relay-ip", "userdb", "pidfile"}
    of_its_own |= {"no-stun-backward-compatibility", "response-origin-only-with-rfc5780"}
    missing = {line for line in made_here if f"--{line}" not in words}
    assert {line.partition("=")[0] for line in missing} <= of_its_own, "what the one made here keeps out, it does, too"
    assert run_command(turn["entrypoint"], tmp_path, AVATAR_TURN_SECRET="short")[0] == 2
