"""Figures in Prometheus' text format, version 0.0.4. No names of sessions, no addresses, no words."""

from __future__ import annotations

from statistics import median

from .live_view import LiveView
from .page_ear import WAYS


def prometheus_text(view: LiveView) -> str:
    """All figures of the server."""
    sounds_s = [value / 1000 for value in view.first_sounds_ms()]
    lines = [
        *_one("avatar_accepting", "gauge", "1 while visitors are let in", int(view.accepting)),
        *_one("avatar_sessions", "gauge", "conversations that go on", len(view.sessions)),
        *_one("avatar_sessions_begun_total", "counter", "conversations since the start", view.begun),
        *_one("avatar_queue", "gauge", "people who wait", view.waiting),
        *_one("avatar_questions_total", "counter", "questions, spoken and typed", view.questions),
        *_one("avatar_generate_busy", "gauge", "requests for pictures at work", view.generating),
        *_one("avatar_generate_waiting", "gauge", "requests for pictures that wait", view.generate_waiting),
        *_one("avatar_generated_total", "counter", "pictures, videos and weights made", view.generated),
    ]
    if sounds_s:
        text = "middle wait from the end of a question to sound, of the present conversations"
        lines += _one("avatar_first_sound_seconds", "gauge", text, round(median(sounds_s), 4))
    lines += ["# HELP avatar_pipeline_sessions conversations of a pipeline", "# TYPE avatar_pipeline_sessions gauge"]
    lines += [f'avatar_pipeline_sessions{{pipeline="{one["name"]}"}} {one["sessions"]}' for one in view.pipelines]
    lines += ["# HELP avatar_microphones conversations by the way that they were heard by last"]
    lines += ["# TYPE avatar_microphones gauge"]
    ways = [session["mic"] for session in view.sessions]
    lines += [f'avatar_microphones{{way="{way}"}} {ways.count(way)}' for way in WAYS.values()]
    lines += ["# HELP avatar_node_ok 1 where a node works", "# TYPE avatar_node_ok gauge"]
    lines += [f'avatar_node_ok{{node="{name}"}} {int(state == "ok")}' for name, state in view.nodes.items()]
    return "\n".join(lines) + "\n"


def _one(name: str, kind: str, text: str, value: float) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value}"]
