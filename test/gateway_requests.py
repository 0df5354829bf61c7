"""Requests to a gateway that a test runs."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request


def basic(password):
    return {"authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


def ask(graph, path, data=None, headers=None):
    """(status, body)."""
    url = f"http://127.0.0.1:{graph.stage.port}{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
