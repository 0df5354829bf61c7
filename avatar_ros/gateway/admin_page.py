"""The operator's pages as HTML: no scripts; whatever is not ours is escaped."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from ..core.operating import LiveSetting, LogLine, NodeHealth
from .live_view import LiveView

REFRESH_S = 5
#: Lines of the log on the first page.
LOG_LINES = 40
COLUMNS = ("name", "pipeline", "state", "connected", "age_s", "silent_s", "mic", "questions", "first_sound_ms", "page")
#: Of a node's diagnostics.
_FIGURES = ("state", "busy_percent", "queued", "dropped", "errors", "refused_messages")
_HEAD = "<!doctype html><html lang=en><meta charset=utf-8><title>avatar: operator</title>"
_LOOK = (
    "<meta name=viewport content='width=device-width'><meta name=color-scheme content='light dark'>"
    "<link rel=stylesheet href=/static/admin.css><link rel=icon href=/static/icon.svg>"
)


def overview(view: LiveView, health: Sequence[NodeHealth], log: Sequence[LogLine]) -> str:
    """All at a glance; it loads itself anew."""
    graphs = "".join(f"<li>{escape(_pipeline(one))}" for one in view.pipelines)
    missing = "".join(f"<li class=error>{escape(name)}: missing" for name, how in view.nodes.items() if how != "ok")
    return (
        f"{_HEAD}<meta http-equiv=refresh content={REFRESH_S}>{_LOOK}<h1>avatar</h1>"
        f"<p>{len(view.sessions)} conversations, {view.waiting} wait, {view.begun} since the start, "
        f"{view.questions} questions; pictures: {view.generated} made, {view.generate_waiting} wait</p>"
        f"<h2>Pipelines</h2><ul>{graphs}{missing}</ul>"
        f"<h2>Conversations</h2>{_table((*COLUMNS, ''), (_session_row(one) for one in view.sessions))}"
        f"<h2>Nodes</h2>{_table(('node', 'health', *_FIGURES, ''), (_node_row(one) for one in health))}"
        f"<h2>Log</h2><pre>{''.join(_line(one) for one in log[-LOG_LINES:])}</pre>"
        "<p><a href='/admin/log?lines=500'>more lines</a></html>"
    )


def session_page(session: dict[str, Any]) -> str:
    """One conversation, and what may be done there."""
    facts = "".join(f"<dt>{_head(name)}<dd>{escape(str(session[name]))}" for name in COLUMNS)
    hidden = f'<input type=hidden name=session value="{escape(session["name"], quote=True)}">'
    return (
        f"{_HEAD}{_LOOK}<p><a href=/admin>back</a><h1>Conversation</h1><dl>{facts}</dl>"
        f"<form method=post action=/admin/say>{hidden}<label>text <input name=text required maxlength=1000></label> "
        "<button>say</button></form>"
        f"<form method=post action=/admin/close>{hidden}<button>close the conversation</button></form></html>"
    )


def settings_page(node: str, settings: Sequence[LiveSetting], refused: str = "") -> str:
    """What may be changed of a node while it runs. refused: why the last change was not made."""
    told = f"<p class=error role=alert>{escape(refused)}</p>" if refused else ""
    forms = "".join(_form(node, one) for one in settings) or "<p>Nothing of this node can be changed while it runs."
    return (
        f"{_HEAD}{_LOOK}<p><a href=/admin>back</a><h1>{escape(node)}</h1>"
        "<p>Changes count at once, and until the node ends; what is to stay belongs into a profile.</p>"
        f"{told}{forms}</html>"
    )


def log_text(lines: Iterable[LogLine]) -> str:
    """One line each, with its time of day."""
    return "".join(f"{_time(one)} [{one.node}] [{one.level.upper()}] {one.text}\n" for one in lines)


def _line(one: LogLine) -> str:
    kind = {"warn": "warning", "error": "error", "fatal": "error"}.get(one.level, "")
    return f"<span class='{kind}'>{escape(log_text((one,)))}</span>"


def _time(one: LogLine) -> str:
    return time.strftime("%H:%M:%S", time.localtime(one.at_s))


def _pipeline(one: dict[str, Any]) -> str:
    places = f" of {one['max_sessions']}" if one["max_sessions"] else ""
    return f"{one['name']}: {'well' if one['ok'] else 'not well'}, {one['sessions']}{places} conversations"


def _table(columns: Sequence[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th scope=col>{_head(name)}" for name in columns)
    return f"<div class=wide><table><tr>{head}{''.join(rows)}</table></div>"


def _head(name: str) -> str:
    return name.replace("_", " ")


def _session_row(session: dict[str, Any]) -> str:
    cells = "".join(f"<td>{escape(str(session[name]))}" for name in COLUMNS)
    return f"<tr>{cells}<td><a href='/admin/session?name={quote(session['name'], safe='')}'>say, close</a>"


def _node_row(node: NodeHealth) -> str:
    figures = "".join(f"<td>{escape(node.values.get(name, ''))}" for name in _FIGURES)
    link = f"<a href='/admin/settings?node={quote(node.name, safe='')}'>settings</a>"
    how = escape(node.message if node.level == "ok" else f"{node.level}: {node.message}")
    return f"<tr><th scope=row>{escape(node.name)}<td class={escape(node.level)}>{how}{figures}<td>{link}"


def _form(node: str, one: LiveSetting) -> str:
    name, value = escape(one.name, quote=True), escape(one.value, quote=True)
    about = escape("; ".join(filter(None, (one.kind, one.limits))))
    if one.kind == "bool":
        chosen = {text: " selected" if one.value == text else "" for text in ("true", "false")}
        box = "".join(f"<option{mark}>{text}" for text, mark in chosen.items())
        box = f"<select name=value>{box}</select>"
    elif one.kind in ("text", "texts"):
        box = f"<textarea name=value rows=2 maxlength=4000>{value}</textarea>"
    else:
        box = f"<input name=value value='{value}' inputmode=decimal>"
    return (
        f"<form method=post action=/admin/set><input type=hidden name=node value='{escape(node, quote=True)}'>"
        f"<input type=hidden name=name value='{name}'><label><b>{name}</b> <small>{about}</small><br>"
        f"{escape(one.description)}<br>{box}</label> <button>set</button></form>"
    )
