"""/admin at the server: who may see and change what, and that nothing of others is taken for markup."""

from __future__ import annotations

import json
import urllib.parse
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi import HTTPException

from avatar_ros.core.errors import AvatarRosError
from avatar_ros.core.operating import LiveSetting, LogLine, NodeHealth
from avatar_ros.gateway import admin_page
from avatar_ros.gateway.admin import Operator
from gateway_graph import Graph
from gateway_requests import ask, basic

NODE = "avatar/dialogue_node"
BAD = "<script>alert(1)</script>"


class Desk:
    """Nodes that are not there, but remember what was set."""

    def __init__(self):
        self.values = {
            "barge_in": ("bool", "true", ""),
            "greeting": ("text", BAD, ""),
            "volume": ("float", "1.0", "0 to 1"),
        }

    def log(self):
        return [LogLine(1.7e9, "warn", NODE, f"line {k} {BAD}") for k in range(500)]

    def health(self):
        return [NodeHealth(NODE, "warning", BAD, {"busy_percent": "7"})]

    def settings(self, node):
        if node == "avatar/deaf_node":
            raise AvatarRosError("silent", "does not answer", retryable=True)
        if node != NODE:
            raise AvatarRosError("no_node", f"no node is called '{node}'")
        return [LiveSetting(name, *rest, f"what {name} does") for name, rest in self.values.items()]

    def change(self, node, name, value):
        kind, _, limits = {one.name: (one.kind, one.value, one.limits) for one in self.settings(node)}[name]
        if name == "volume" and float(value) > 1:
            return "volume is 2; it must be at most 1"
        self.values[name] = (kind, value, limits)
        return ""

    def close(self):
        pass


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    password = tmp_path_factory.mktemp("admin") / "password"
    password.write_text("battery-staple\n")
    with Graph(admin_token_file=str(password)) as graph:
        graph.stage.desk = Desk()
        yield graph


def get(graph, path, accept="application/json"):
    return ask(graph, path, None, {**basic("battery-staple"), "accept": accept})


def post(graph, path, **fields):
    data = urllib.parse.urlencode(fields).encode()
    return ask(graph, path, data, {**basic("battery-staple"), "accept": "application/json"})


PATHS = ("", "/sessions", "/nodes", "/log", f"/settings?node={NODE}", "/session?name=x")


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_without_the_password(graph, path):
    status, body = ask(graph, f"/admin{path}")
    assert status == 401 and "dialogue_node" not in body


@pytest.mark.parametrize("path", ["/admin/set", "/admin/say", "/admin/close"])
def test_nobody_changes_anything_without_it_nor_from_a_page_of_others(graph, path):
    fields = {"node": NODE, "name": "barge_in", "value": "false", "session": "x", "text": "x"}
    form = urllib.parse.urlencode(fields).encode()
    assert ask(graph, path, form)[0] == 401
    assert ask(graph, path, form, {**basic("battery-staple"), "origin": "http://evil.example"})[0] == 403
    assert graph.stage.desk.values["barge_in"][1] == "true"


def test_passwords_cannot_be_tried_for_long():
    """The right one among a million was let in: only wrong ones were told to wait."""
    operator = Operator("battery-staple")

    def status(password, address="6.6.6.6"):
        try:
            operator.check(SimpleNamespace(headers=basic(password), scope={"avatar_address": address}))
        except HTTPException as refused:
            return refused.status_code
        return 200

    assert [status("battery-staple") for _ in range(9)] == [200] * 9
    assert [status("guess") for _ in range(5)] == [401] * 5
    assert status("battery-staple") == 429 and status("battery-staple", "7.7.7.7") == 200


def test_a_setting_is_seen_with_its_kind_and_limits_and_changed(graph):
    status, body = get(graph, f"/admin/settings?node={NODE}")
    told = {one["name"]: one for one in json.loads(body)["settings"]}
    assert status == 200 and told["volume"]["kind"] == "float" and told["volume"]["limits"] == "0 to 1"
    status, body = post(graph, "/admin/set", node=NODE, name="volume", value="0.5")
    assert status == 200 and {one["name"]: one["value"] for one in json.loads(body)["settings"]}["volume"] == "0.5"


def test_a_refused_one_says_why(graph):
    status, body = post(graph, "/admin/set", node=NODE, name="volume", value="2")
    assert status == 422 and json.loads(body)["error"] == "volume: volume is 2; it must be at most 1"


def test_nodes_that_are_not_there_or_do_not_answer(graph):
    assert get(graph, "/admin/settings?node=../../etc/passwd")[0] == 404
    assert get(graph, "/admin/settings?node=avatar/deaf_node")[0] == 503
    assert post(graph, "/admin/set", node="avatar/deaf_node", name="x", value="1")[0] == 503
    assert get(graph, f"/admin/settings?node={'x' * 300}")[0] == 422
    assert post(graph, "/admin/set", node=NODE, name="greeting", value="x" * 5000)[0] == 422


def test_the_log_is_bounded(graph):
    status, body = get(graph, "/admin/log?lines=7")
    assert status == 200 and len(body.splitlines()) == 7 and "line 499" in body.splitlines()[-1]
    assert get(graph, "/admin/log?lines=100000")[0] == 422
    assert get(graph, "/admin")[1].count("line 4") <= admin_page.LOG_LINES


def test_health_of_every_node(graph):
    (node,) = json.loads(get(graph, "/admin/nodes")[1])["nodes"]
    assert (node["name"], node["level"], node["values"]) == (NODE, "warning", {"busy_percent": "7"})


@pytest.mark.parametrize("path", ["/admin", f"/admin/settings?node={NODE}"])
def test_markup_of_others_is_text(graph, path):
    status, body = get(graph, path, "text/html")
    assert status == 200 and "&lt;script&gt;" in body and "<script" not in body


def test_a_name_with_markup_is_text_to_the_operator():
    session = {**dict.fromkeys(admin_page.COLUMNS, BAD), "name": f'">{BAD}'}
    page = admin_page.session_page(session) + admin_page._session_row(session)
    assert "<script" not in page
