#!/usr/bin/env python3
"""Write the documents' tables of nodes, messages and parameters from the code, between their <!-- name --> marks.

python tools/write_tables.py            rewrite docs/interface.md and docs/parameters.md
python tools/write_tables.py --check    exit code 1 where one is out of date (a test runs this)
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off

ROOT = Path(__file__).resolve().parents[1]
LONGEST_DEFAULT = 60
#: Document -> its tables.
TABLES = {"docs/interface.md": ("nodes", "messages", "actions", "services"), "docs/parameters.md": ("parameters",)}
NODES = (
    "mic_node",
    "vad_node",
    "asr_node",
    "dialogue_node",
    "llm_node",
    "tts_node",
    "audio_encoder_node",
    "expression_node",
    "renderer_node",
    "speaker_node",
    "monitor_node",
    "skills_node",
    "web_node",
    "people_node",
)


def main() -> int:
    """Rewrite or check; the process's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether they are up to date")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    specs = [spec_of(node) for node in NODES]
    tables = {"nodes": node_table(specs), "messages": message_table(), "parameters": parameter_table(specs)}
    tables |= {"actions": action_table(), "services": service_table()}
    stale = []
    for document, names in TABLES.items():
        path = ROOT / document
        old = path.read_text(encoding="utf-8")
        new = filled(old, document, {name: tables[name] for name in names})
        if new != old:
            stale.append(document)
            if not options.check:
                path.write_text(new, encoding="utf-8")
    return int(options.check and bool(stale))


def filled(text: str, document: str, tables: dict[str, list[str]]) -> str:
    """The document with every marked table made anew."""
    for name, rows in tables.items():
        block = f"<!-- {name}: made by tools/write_tables.py -->\n" + "\n".join(rows) + f"\n<!-- end of {name} -->"
        pattern = rf"<!-- {name}:.*?<!-- end of {name} -->"
        count = len(re.findall(pattern, text, flags=re.S))
        text = re.sub(pattern, block.replace("\\", r"\\"), text, flags=re.S)
        if count != 1:
            raise SystemExit(f"{document} has {count} places for the table of {name}; it needs one")
    return text


def spec_of(node: str) -> Any:
    """The NodeSpec that a node's module would run."""
    return importlib.import_module(f"avatar_ros.nodes.{node}").SPEC


def node_table(specs: list[Any]) -> list[str]:
    """What each node does, takes and gives."""
    rows = ["| node | does | takes | gives |", "|---|---|---|---|"]
    for spec in specs:
        module = importlib.import_module(f"avatar_ros.nodes.{spec.name}")
        does = (module.__doc__ or "").split(": ", 1)[1].strip().rstrip(".")
        extra = ("image_raw", "image_raw/compressed", "camera_info") if spec.name == "renderer_node" else ()
        takes = topics(spec.port.subscribes)
        if spec.port.on_demand:
            takes += f"; while it is used {topics(spec.port.on_demand)}"
        rows.append(f"| `{spec.name}` | {does} | {takes} | {topics((*spec.port.publishes, *extra))} |")
    return rows


def topics(names: tuple[str, ...]) -> str:
    """Topic names for a table cell."""
    return ", ".join(f"`{name}`" for name in names)


def message_table() -> list[str]:
    """Each topic with its message and what it carries."""
    from avatar_ros.core.topics import TOPICS
    from avatar_ros.ros.qos import KEPT, for_topic

    rows = ["| topic | message | carries |", "|---|---|---|"]
    for topic, kind in TOPICS.items():
        text = (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ").replace("|", "\\|")
        name = "geometry_msgs/PointStamped" if kind.__name__ == "GazeTarget" else f"avatar_ros/{kind.__name__}"
        kept = f" Transient local, {for_topic(topic).depth} deep." if topic in KEPT else ""
        rows.append(f"| `{topic}` | `{name}` | {text}{kept} |")
    return rows


def action_table() -> list[str]:
    """Each action with its fields, and what it does: the head of its file."""
    rows = ["| action | does | goal | result | feedback |", "|---|---|---|---|---|"]
    for name in importlib.import_module("avatar_ros.nodes.skills_node").ACTIONS:
        kind = "".join(word.capitalize() for word in name.split("_"))
        does, parts = interface(ROOT / f"action/{kind}.action")
        rows.append(f"| `{name}`, `avatar_ros/action/{kind}` | {does} | {' | '.join(map(topics, parts))} |")
    return rows


def service_table() -> list[str]:
    """Each service with its type, and what it does."""
    node = importlib.import_module("avatar_ros.nodes.skills_node")
    rows = ["| service | type | does |", "|---|---|---|"]
    for name, (kind, does) in node.SERVICES.items():
        package = kind.__module__.partition(".")[0]
        rows.append(f"| `{name}` | `{package}/srv/{kind.__name__}` | {does} |")
    return rows


def interface(path: Path) -> tuple[str, list[tuple[str, ...]]]:
    """Of a file of action/: the comment at its head, and the names of the fields of each part."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = [line.lstrip("# ") for line in lines[: next(i for i, line in enumerate(lines) if line[:1] != "#")]]
    parts: list[list[str]] = [[]]
    for line in lines:
        words = line.partition("#")[0].split()
        if line == "---":
            parts.append([])
        elif len(words) > 1 and "=" not in words[1]:
            parts[-1].append(words[1])
    return cell(" ".join(head)), [tuple(part) for part in parts]


def parameter_table(specs: list[Any]) -> list[str]:
    """Every parameter with its default and range: a heading and a table for each node."""
    rows = []
    for spec in specs:
        rows += ["", f"### {spec.name}", "", "| parameter | default | range | meaning |", "|---|---|---|---|"]
        for name, item in parameters(spec):
            cells = (f"`{name}`", f"`{shown(item.default)}`", span(item.metadata), cell(meaning(item.metadata)))
            rows.append("| " + " | ".join(cells) + " |")
    return [*rows, ""]


def parameters(spec: Any) -> Iterator[tuple[str, Any]]:
    """Names (with prefix) and fields of a node's parameters, those of each of its backends behind them."""
    for prefix, kind in spec.groups.items():
        yield from ((prefix + item.name, item) for item in fields(kind))
    for prefix, registry in spec.registries.items():
        for name in registry.names:
            kind = registry.settings_class(name)
            yield from ((f"{prefix}{name}.{item.name}", item) for item in (fields(kind) if kind else ()))


def meaning(meta: Any) -> str:
    """Its description, and when a change counts where that is not the next configure."""
    return meta["description"] + ("; live" if meta.get("live") else "")


def cell(text: str) -> str:
    """Text within a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def shown(value: Any) -> str:
    """A default as ROS would print it; an empty string as ''."""
    if isinstance(value, bool):
        return str(value).lower()
    text = cell(str(value))
    return "''" if text == "" else text if len(text) <= LONGEST_DEFAULT else text[:LONGEST_DEFAULT] + " …"


def span(meta: Any) -> str:
    """The range or the choices of a parameter."""
    if meta.get("choices"):
        return ", ".join(meta["choices"])
    low, high = meta.get("low"), meta.get("high")
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low} – {'' if high is None else high}".strip()


if __name__ == "__main__":
    sys.exit(main())
