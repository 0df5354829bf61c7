"""`./avatar web`: its graph, its addresses, its certificate."""

import datetime
import re
import ssl
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from avatar_ros.bringup import web
from avatar_ros.bringup.graph import START_ORDER, KioskOptions
from avatar_ros.bringup.web_launch import WEB_ARGUMENTS, launched
from avatar_ros.cli import parser_for
from avatar_ros.commands.web import web_options
from avatar_ros.core.errors import ConfigError

KIOSK = KioskOptions(mic="none", display="off")


def graph(**options):
    """What would be run: (nodes by name, lines that are said)."""
    got = {}

    def run_nodes(nodes, kiosk, announce, beside):
        got["nodes"] = {node.executable: node for node in nodes}
        got["lines"] = list(announce)
        return 0

    web.run_nodes, before = run_nodes, web.run_nodes
    try:
        assert web.run_web(web.WebOptions(options.pop("kiosk", KIOSK), **options)) == 0
    finally:
        web.run_nodes = before
    return got["nodes"], got["lines"]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_a_browser_is_microphone_loudspeaker_and_screen():
    nodes, lines = graph(http=8123)
    assert set(nodes) == {*START_ORDER, "web_node"} - web.OF_A_KIOSK
    parameters = nodes["web_node"].parameters
    assert (parameters["host"], parameters["port"]) == ("127.0.0.1", 8123)
    assert "token_file" not in parameters and "certificate" not in parameters
    assert "open http://localhost:8123" in lines
    assert all(node.params_files[0].name == "web.yaml" for node in nodes.values())
    assert all(node.parameters["absent_nodes"] == sorted(web.OF_A_KIOSK) for node in nodes.values())


def test_a_kiosk_lets_browsers_in_besides_its_own_devices():
    nodes, _ = graph(http=8123, devices=True)
    assert list(nodes) == [*START_ORDER, "web_node"]
    assert all("absent_nodes" not in node.parameters for node in nodes.values()), "its own devices are waited for"
    options = parser_for("kiosk").parse_args(["kiosk", "--web", "--http", "8123", "--name", "a.example"])
    assert web_options(KIOSK, options, devices=True) == web.WebOptions(KIOSK, 8123, names=("a.example",), devices=True)


@pytest.mark.parametrize("verb", [("web",), ("kiosk", "--web")])
def test_both_have_a_relay_here_or_elsewhere(verb):
    given = [*verb, "--turn-url", "turn:relay.example:3478", "--turn-secret-file", "secret"]
    elsewhere = web_options(KIOSK, parser_for(verb[0]).parse_args(given))
    assert (elsewhere.turn, elsewhere.turn_urls) == (False, ("turn:relay.example:3478",))
    assert elsewhere.turn_secret_file == "secret"
    assert web_options(KIOSK, parser_for(verb[0]).parse_args([*verb, "--turn"])).turn
    assert not parser_for("kiosk").parse_args(["kiosk"]).web


def given(**others):
    return {name: default for name, (default, _, _) in WEB_ARGUMENTS.items()} | {"web": "only"} | others


def test_what_a_launch_file_is_given_is_what_is_typed():
    made = launched(KioskOptions(), given(lan="true", port="9443", names="a.example, b.example"))
    assert made == web.WebOptions(KIOSK, 0, 9443, lan=True, names=("a.example", "b.example"))
    assert launched(KioskOptions(), given(web="true")).kiosk.mic == "auto"
    with pytest.raises(ConfigError, match="port is 'high'"):
        launched(KioskOptions(), given(port="high"))


def test_a_launch_file_has_all_that_can_be_typed():
    typed = ["web", "--http", "8123", "--lan", "--port", "9443", "--name", "a.example", "--certificate", "c.pem",
             "--key", "k.pem", "--token-file", "t", "--turn-url", "turn:a:1", "--turn-url", "turn:b:2",
             "--turn-secret-file", "s", "--part", "gateway", "--also", "one=2", "--also", "two", "--turn"]  # fmt: skip
    options = parser_for("web").parse_args(typed)
    said = launched(KioskOptions(), given(
        lan="true", http="8123", port="9443", names="a.example", certificate="c.pem", key="k.pem", token_file="t",
        turn="true", turn_urls="turn:a:1,turn:b:2", turn_secret_file="s", part="gateway", also="one=2,two",
    ))  # fmt: skip
    assert said == replace(web_options(KIOSK, options), part=options.part, also=tuple(options.also))
    changed = {item.name for item in fields(said) if getattr(said, item.name) != item.default}
    assert changed | {"devices"} == {item.name for item in fields(said)}, "each option is in the test"


def test_browsers_are_served_on_the_half_that_has_the_conversation():
    assert "web_node" in graph(kiosk=KioskOptions(mic="none", display="off", host="robot"))[0]
    assert "web_node" not in graph(kiosk=KioskOptions(mic="none", display="off", host="offboard"))[0]


def test_the_network_is_let_in_with_a_token_that_is_new_each_time():
    pytest.importorskip("cryptography", reason="needs the extra web")
    seen = set()
    for _ in range(2):
        nodes, lines = graph(lan=True, names=("kiosk.example",))
        parameters = nodes["web_node"].parameters
        token = Path(parameters["token_file"]).read_text().strip()
        assert parameters["host"] == "0.0.0.0" and parameters["port"] == 8443
        assert f"open https://kiosk.example:8443/#token={token}" in lines
        assert token not in str(dict(parameters)), "arguments of processes can be read by everybody"
        assert Path(parameters["token_file"]).stat().st_mode & 0o777 == 0o600
        assert Path(parameters["admin_token_file"]).read_text().strip() != token
        seen.add(token)
    assert len(seen) == 2


def test_an_address_carries_any_token_that_its_file_may_hold(tmp_path):
    """A blank would end the address for a phone's camera, a & or % change the token for the page."""
    pytest.importorskip("cryptography", reason="needs the extra web")
    token = "".join(chr(sign) for sign in range(0x20, 0x7F)).strip()
    (tmp_path / "token").write_text(token + "\n")
    _, lines = graph(lan=True, names=("kiosk.example",), token_file=str(tmp_path / "token"))
    address = next(line for line in lines if "kiosk.example" in line).removeprefix("open ")
    assert re.fullmatch(r"[!-~]+", address) and address.count("#") == 1
    assert parse_qs(urlsplit(address).fragment, strict_parsing=True) == {"token": [token]}


@pytest.mark.parametrize(
    ("name", "word"),
    [("Kiosk.Example", "kiosk.example"), ("Müller.example", "xn--mller-kva.example"), ("2001:DB8::5", "2001:db8::5")],
)
def test_names_are_as_browsers_write_them(name, word):
    """One with an umlaut was a traceback."""
    pytest.importorskip("cryptography", reason="needs the extra web")
    nodes, _ = graph(lan=True, names=(name,))
    assert nodes["web_node"].parameters["names"] == [word]


@pytest.mark.parametrize("name", ["a b", "", "x" * 64, "-a", "a..b", "http://a", "\x1b[2J", ".".join(["x" * 60] * 5)])
def test_what_is_no_name_is_said(name):
    with pytest.raises(ConfigError, match="give a host's name or an address"):
        graph(lan=True, names=(name,))


def test_http_on_the_network_says_what_it_lacks():
    _, lines = graph(lan=True, http=8000)
    assert any("no microphone" in line for line in lines)
    assert all(line.startswith("open http://") for line in lines if line.startswith("open"))


@pytest.mark.parametrize(
    "options", [{"http": 70000}, {"port": -1}, {"key": "k.pem"}, {"certificate": "/no/such.pem", "key": "/no/such.pem"}]
)
def test_what_cannot_be_is_said(options):
    with pytest.raises(ConfigError):
        graph(**options)


def test_the_certificate_names_everything_and_is_made_anew_when_it_must(tmp_path):
    x509 = pytest.importorskip("cryptography.x509", reason="needs the extra web")
    from avatar_ros.bringup.certificate import made_here

    made = made_here(tmp_path / "web", ["localhost", "192.0.2.7", "::1"])
    first = made.path.read_bytes()
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "::1"]
    assert made.key_path.stat().st_mode & 0o777 == 0o600
    assert made_here(tmp_path / "web", ["localhost"]).path.read_bytes() == first
    ends = x509.load_pem_x509_certificate(first).not_valid_after_utc
    assert ends - datetime.datetime.now(datetime.UTC) <= datetime.timedelta(days=398), "browsers take no longer one"
    assert made_here(tmp_path / "web", ["localhost", "new.example"]).path.read_bytes() != first
    made.path.write_text("nonsense")
    made_here(tmp_path / "web", ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.path, made.key_path)


def test_a_certificate_that_a_crash_or_a_wrong_clock_spoilt_is_made_anew(tmp_path, monkeypatch):
    x509 = pytest.importorskip("cryptography.x509", reason="needs the extra web")
    from avatar_ros.bringup import certificate

    made = certificate.made_here(tmp_path / "web", ["localhost"])
    other = certificate.made_here(tmp_path / "other", ["localhost"])
    made.key_path.write_bytes(other.key_path.read_bytes())  # the new key was written, then the power went
    certificate.made_here(tmp_path / "web", ["localhost"]).check()

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(days=90)

    made.path.unlink()
    with monkeypatch.context() as wrong:
        wrong.setattr(certificate.datetime, "datetime", Later)
        certificate.made_here(tmp_path / "web", ["localhost"])
    again = certificate.made_here(tmp_path / "web", ["localhost"]).path.read_bytes()
    assert x509.load_pem_x509_certificate(again).not_valid_before_utc <= datetime.datetime.now(datetime.UTC)
