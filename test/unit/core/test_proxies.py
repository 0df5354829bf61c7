"""Which proxy an address goes through; loopback through none, and what cannot work is named."""

from __future__ import annotations

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.proxies import check_certificates, is_local, proxy_for, spare_local

P = "http://proxy:3128"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1", "0.0.0.0"],
)
@pytest.mark.parametrize("value", [P, "socks5://127.0.0.1:1", "garbage here", "http://"])
def test_nothing_of_this_computer_goes_through_a_proxy(host: str, value: str) -> None:
    assert is_local(host)
    shown = f"[{host}]" if ":" in host and "[" not in host else host
    for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        assert proxy_for(f"http://{shown}:8000/v1", {variable: value}) is None


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "128.0.0.1", "10.0.0.1", "fe80::1", ""])
def test_others_are_not_local(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("url", "environment", "address"),
    [
        ("https://a.org/v1", {}, ""),
        ("https://a.org/v1", {"https_proxy": P}, P),
        ("https://a.org/v1", {"HTTPS_PROXY": P, "http_proxy": "http://other"}, P),
        ("https://a.org/v1", {"http_proxy": P}, ""),
        ("http://a.org/v1", {"all_proxy": "proxy:3128"}, P),
        ("wss://a.org/v1", {"https_proxy": P}, P),
        ("https://a.org/v1", {"https_proxy": P, "no_proxy": "b.org, a.org"}, ""),
        ("https://x.a.org/v1", {"https_proxy": P, "NO_PROXY": ".a.org"}, ""),
        ("https://x.a.org/v1", {"https_proxy": P, "NO_PROXY": "*.a.org"}, ""),
        ("https://ba.org/v1", {"https_proxy": P, "no_proxy": "a.org"}, P),
        ("https://a.org/v1", {"https_proxy": P, "no_proxy": "*"}, ""),
        ("https://a.org:8443/v1", {"https_proxy": P, "no_proxy": "a.org:8443"}, ""),
        ("https://a.org/v1", {"https_proxy": P, "no_proxy": "a.org:8443"}, P),
        ("http://10.1.2.3/v1", {"http_proxy": P, "no_proxy": "10.0.0.0/8"}, ""),
        ("http://11.1.2.3/v1", {"http_proxy": P, "no_proxy": "10.0.0.0/8,::1"}, P),
        ("http://[fd00::5]/v1", {"http_proxy": P, "no_proxy": "fd00::/16"}, ""),
        ("http://[fd00::5]/v1", {"http_proxy": P, "no_proxy": "[fd00::5]"}, ""),
        ("http://10.1.2.3/v1", {"http_proxy": P, "no_proxy": "10.0.0.0/99,,rub bish:x"}, P),
    ],
)
def test_the_usual_variables_hold(url: str, environment: dict[str, str], address: str) -> None:
    proxy = proxy_for(url, environment)
    assert (proxy.address if proxy else "") == address
    assert proxy is None or proxy.variable in environment


@pytest.mark.parametrize(
    "value",
    ["socks5://h:1", "ftp://h:1", "http://", "http://h:port", "http://u:pw@h h:1", "::", "[", "a b"],
)
@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
def test_what_cannot_work_is_named_without_its_value(variable: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        proxy_for("https://a.org", {variable: value})
    assert variable in caught.value.text and "pw" not in caught.value.text


def test_certificates_that_are_not_there_are_named(tmp_path) -> None:
    check_certificates({"SSL_CERT_DIR": str(tmp_path)})
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        with pytest.raises(ConfigError, match=name):
            check_certificates({name: str(tmp_path / "nowhere")})


def test_libraries_that_read_the_variables_themselves_are_told_too() -> None:
    environment = {"NO_PROXY": "a.org"}
    spare_local("ws://127.0.0.1:5/x", environment)
    assert environment["no_proxy"] == "a.org,127.0.0.1"
    spare_local("wss://b.org", environment)
    assert environment["no_proxy"] == "a.org,127.0.0.1"
