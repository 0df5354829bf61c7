"""Several gateways behind one address: docker/nginx.conf run as it is, but for ports and files; the cluster's file."""

import asyncio
import contextlib
import http.cookies
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from avatar_ros.cli import parser_for
from avatar_ros.gateway.base import WebSettings
from avatar_ros.gateway.web_server import address_reader
from avatar_ros.testing.web_visitor import WebVisitor
from gateway_graph import Graph
from web_ports import free_port

DOCKER = Path(__file__).resolve().parents[3] / "docker"
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def unverified():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.contextmanager
def nginx(folder, *ports):
    """The balancer before gateways at these ports; its own port."""
    from avatar_ros.bringup.certificate import made_here

    made, own = made_here(folder, ["localhost", "127.0.0.1"]), free_port()
    text = (DOCKER / "nginx.conf").read_text()
    for old, new in {
        "/etc/avatar/tls.crt": str(made.path), "/etc/avatar/tls.key": str(made.key_path), "listen 443": f"listen {own}",
        "/run/avatar_nginx.pid": f"{folder}/pid", "127.0.0.1:8001": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{ports[1]}",
    }.items():  # fmt: skip
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        end_s = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end_s:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", own), timeout=10):
                break
            time.sleep(0.05)
        assert process.poll() is None, process.stderr.read()
        yield own
    finally:
        process.terminate()
        process.communicate(timeout=60)


def cookie_of(port):
    with urllib.request.urlopen(f"https://127.0.0.1:{port}/", timeout=60, context=unverified()) as answer:
        assert answer.status == 200 and b"<html" in answer.read()
        (header,) = answer.headers.get_all("set-cookie")
    assert "Secure" in header and "HttpOnly" in header
    return http.cookies.SimpleCookie(header)["avatar_place"].value


def visitor(port, place, **options):
    headers = {"cookie": f"avatar_place={place}"}
    url, origin = f"wss://127.0.0.1:{port}/ws", f"https://127.0.0.1:{port}"
    return WebVisitor(url, additional_headers=headers, ssl=unverified(), origin=origin, **options)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt install nginx-light)")
def test_a_visitor_stays_with_one_gateway_and_goes_to_another_when_that_is_gone(tmp_path):
    pytest.importorskip("cryptography", reason="needs the extra web")

    def house(graphs, key):
        return [any(one.key == key for one in graph.stage._lobby.sessions.values()) for graph in graphs].index(True)

    async def talk(port, graphs):
        places = [cookie_of(port) for _ in range(12)]
        assert len(set(places)) == 12
        homes = set()
        for place in places:
            async with visitor(port, place) as first:
                await first.until(lambda first=first: first.session)
                home = house(graphs, first.session["key"])
                resume = await first.vanish()
            async with visitor(port, place, resume=resume) as again:
                await again.until(lambda again=again: again.session)
                assert (again.session["resumed"], house(graphs, again.session["key"])) == (True, home)
                await again.send(kind="bye")
                await again.until(lambda again=again: again.close_code)
            homes.add(home)
            last = place, home
            if len(homes) == 2:
                break
        assert homes == {0, 1}, "both are used"
        place, home = last
        gone, stays = graphs[home], graphs[1 - home]
        gone.__exit__()
        async with visitor(port, place) as moved:
            await moved.until(lambda: moved.session)
            assert house([stays], moved.session["key"]) == 0
            await moved.type("hello")
            await moved.until(lambda: moved.heard_turns)
        return gone, stays

    first, second = Graph().__enter__(), Graph().__enter__()
    gone = None
    try:
        with nginx(tmp_path, first.stage.port, second.stage.port) as port:
            gone, _ = asyncio.run(talk(port, (first, second)))
    finally:
        for graph in (first, second):
            if graph is not gone:
                graph.__exit__()


def test_proxies_are_named_by_address_or_network():
    def of(peer, forwarded, *trusted):
        headers = [(b"x-forwarded-for", forwarded.encode())]
        return address_reader(WebSettings(trusted_proxies=trusted))({"client": (peer, 1), "headers": headers})

    assert of("10.1.2.3", "203.0.113.9", "10.0.0.0/8") == "203.0.113.9"
    assert of("10.1.2.3", "198.51.100.7, 203.0.113.9, 10.9.9.9", "10.0.0.0/8") == "203.0.113.9"
    assert of("192.0.2.1", "203.0.113.9", "10.0.0.0/8", "192.0.2.7") == "192.0.2.1"
    assert of("192.0.2.7", "203.0.113.9", "192.0.2.7") == "203.0.113.9"
    assert of("192.0.2.7", "evil, 10.0.0.1", "192.0.2.7", "10.0.0.0/8") == "evil"
    assert of("192.0.2.7", "", "192.0.2.7") == "192.0.2.7"


def test_the_clusters_file_is_what_a_cluster_takes():
    kubernetes = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate (72 MB of schemas)")
    for part in yaml.safe_load_all((DOCKER / "kubernetes.yaml").read_text()):
        kubernetes.validate(part, "1.37", strict=True)


def test_the_clusters_file_says_the_same():
    parts = {part["kind"]: part for part in yaml.safe_load_all((DOCKER / "kubernetes.yaml").read_text())}
    assert set(parts) == {"Secret", "ConfigMap", "Deployment", "Service", "Ingress"}
    pod = parts["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    command = [*container["command"], *container["args"]]
    assert command[:2] == ["./avatar", "web"]
    options = parser_for("web").parse_args(command[1:])
    assert options.lan and options.http == container["ports"][0]["containerPort"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert options.token_file == f"{mounts['token']}/{next(iter(parts['Secret']['stringData']))}"
    assert options.profile.split(",")[1] == f"{mounts['profile']}/{next(iter(parts['ConfigMap']['data']))}"
    assert {volume["name"] for volume in pod["spec"]["volumes"]} == set(mounts)
    node, settings = next(iter(yaml.safe_load(parts["ConfigMap"]["data"]["cluster.yaml"]).items()))
    assert node == "/**/web_node"
    given = settings["ros__parameters"]
    WebSettings(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
    labels = parts["Deployment"]["spec"]["selector"]["matchLabels"]
    assert labels == pod["metadata"]["labels"] == parts["Service"]["spec"]["selector"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    rule = parts["Ingress"]["spec"]["rules"][0]
    assert rule["host"] in options.name
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == parts["Service"]["metadata"]["name"]
    notes = {name.rpartition("/")[2]: value for name, value in parts["Ingress"]["metadata"]["annotations"].items()}
    conf = (DOCKER / "nginx.conf").read_text()
    assert notes["affinity"] == "cookie" and f"$cookie_{notes['session-cookie-name']}" in conf
    assert f"proxy_read_timeout {notes['proxy-read-timeout']}s" in conf
    assert f"client_max_body_size {notes['proxy-body-size']}" in conf
    assert re.search(r"proxy_buffering off", conf) and notes["proxy-buffering"] == "off"
