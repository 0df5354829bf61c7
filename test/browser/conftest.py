"""A server of the page, and a window to look at it, one of each for a module."""

from __future__ import annotations

import pytest

from avatar_ros.avatar.load import avatar_file, load_avatar
from browser import chromium, need_browser
from page_server import ANSWERS, PageServer
from page_steps import opened


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    need_browser()
    avatars = {"builtin": load_avatar(avatar_file("builtin"))}
    server = PageServer(tmp_path_factory.mktemp("server"), avatars, ANSWERS)
    yield server
    server.close()


@pytest.fixture(scope="module")
def window(server):
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(server, window):
    """The page with its face, nothing begun."""
    server.token = ""
    yield opened(window, server.url)
    window.open("about:blank")
    window.wait(lambda: server.talking is None, 20)
