"""The operator's pages in a real browser, with the gateway's own server: what may be set is set by a form."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from avatar_ros.core.operating import LiveSetting, LogLine, NodeHealth
from browser import Browser
from gateway_graph import Graph

NODE = "avatar/dialogue_node"
VALUE = "return document.querySelector('select[name=value]')?.value"


class Desk:
    """One node that is not there, with one setting."""

    def __init__(self):
        self.barge_in = "true"

    def log(self):
        return [LogLine(1.7e9, "info", NODE, "ready <b>now</b>")]

    def health(self):
        return [NodeHealth(NODE, "ok", "ok", {})]

    def settings(self, node):
        return [LiveSetting("barge_in", "bool", self.barge_in, "", "whether speech can interrupt it")]

    def change(self, node, name, value):
        if self.barge_in == value:
            return "it is so already"
        self.barge_in = value
        return ""

    def close(self):
        pass


@pytest.fixture
def desk(tmp_path, window: Browser):
    (tmp_path / "password").write_text("battery-staple\n")
    with Graph(admin_token_file=str(tmp_path / "password")) as graph:
        graph.stage.desk = Desk()
        window.open(f"http://me:battery-staple@127.0.0.1:{graph.stage.port}/admin")
        yield graph.stage.desk
        window.open("about:blank")


def test_the_operator_changes_a_setting_and_is_told_why_one_is_refused(desk, window):
    assert "ready <b>now</b>" in window.words()
    window.click("a[href^='/admin/settings']")
    window.until(VALUE)
    window.js("document.querySelector('select[name=value]').value = 'false'")
    window.click("button")
    window.until(f"{VALUE} === 'false'")
    assert desk.barge_in == "false"
    window.click("button")
    window.until("return document.querySelector('[role=alert]')?.textContent.includes('it is so already')")
    assert not [line for line in window.log() if "Content Security Policy" in line]
