"""Measures answers by meaning: `./avatar bench understanding [--set test|development] [--meaning english]`.

test: 150 free paraphrases and 100 questions about something else, by somebody who had not seen the patterns
(paraphrases.yaml). development: our own (development.yaml), on which `--sweep` shows what other thresholds would do; it
is refused on the test set. `--details` names the sentences that went wrong.

right, wrong: answered by its own question's answer, by another one's. asked: "did you mean …?", of these asked_right
named the right one. Percent with the 95 % interval (bootstrap).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from avatar_ros.answers.meaning import DecisionLines, Meaning
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import Prompt
from avatar_ros.llm.answers import load_answers
from avatar_ros.llm.answers_settings import AnswersSettings
from avatar_ros.llm.base import LlmSettings
from avatar_ros.llm.understanding import Understanding, Understood

from ..lib.report import tell
from ..recognition.bootstrap import share

SETS = {"test": "paraphrases.yaml", "development": "development.yaml"}
_ANSWER_LINES = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


@dataclass(frozen=True)
class Case:
    """intent: the question's name; "": none of the file's."""

    text: str
    intent: str


@dataclass(frozen=True)
class Outcome:
    """What became of a case, and how long it took."""

    case: Case
    answered: str
    asked: str
    took_ms: float = 0.0


def main(argv: list[str]) -> int:
    """Print the table."""
    options = _parser().parse_args(argv)
    if options.sweep and options.set == "test":
        print("--sweep is for setting thresholds: not on the test set")
        return 2
    cases = read_cases(Path(__file__).with_name(SETS[options.set]))
    understanding, learnt_s = _loaded(options)
    outcomes = [_timed(case, understanding) for case in cases]
    if options.details:
        _print_details(outcomes)
    if options.sweep:
        assert understanding.meaning is not None
        _sweep(cases, understanding.meaning, options)
    table = {"set": options.set, "meaning": options.meaning, "learnt_s": round(learnt_s, 2), **summary(outcomes)}
    tell({**table, **_delays([outcome.took_ms for outcome in outcomes])}, options.json)
    return 0


def read_cases(path: Path) -> list[Case]:
    """The sentences of a set."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked = [Case(item["text"], item["intent"]) for item in tree["paraphrases"]]
    return [*asked, *(Case(text, "") for text in tree["off_topic"])]


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares of what became of the questions of the file, and of the others."""
    own = [outcome for outcome in outcomes if outcome.case.intent]
    others = [outcome for outcome in outcomes if not outcome.case.intent]
    return {
        "right": share([o.answered == o.case.intent for o in own]),
        "wrong": share([bool(o.answered) and o.answered != o.case.intent for o in own]),
        "asked": share([bool(o.asked) for o in own]),
        "asked_right": share([o.asked == o.case.intent for o in own]),
        "not_known": share([not o.answered and not o.asked for o in own]),
        "off_topic_answered": share([bool(o.answered) for o in others]),
        "off_topic_asked": share([bool(o.asked) for o in others]),
    }


def _parser() -> argparse.ArgumentParser:
    defaults = AnswersSettings()
    parser = argparse.ArgumentParser(prog="understanding", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", choices=tuple(SETS), default="test")
    parser.add_argument("--meaning", default="english", help="'' for patterns and likeness alone")
    parser.add_argument("--folder", default="", help="of --meaning folder")
    parser.add_argument("--answers", default=LlmSettings().answers_file, help="the answers file")
    parser.add_argument("--answer", type=float, default=defaults.meaning_answer)
    parser.add_argument("--ask", type=float, default=defaults.meaning_ask)
    parser.add_argument("--margin", type=float, default=defaults.meaning_margin)
    parser.add_argument("--sweep", action="store_true", help="development: other thresholds, too")
    parser.add_argument("--details", action="store_true", help="the sentences that were not answered rightly")
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    return parser


def _loaded(options: argparse.Namespace) -> tuple[Understanding, float]:
    own = AnswersSettings(
        meaning=options.meaning, meaning_folder=options.folder, meaning_needed=True, meaning_answer=options.answer,
        meaning_ask=options.ask, meaning_margin=options.margin,
    )  # fmt: skip
    begun_s = time.monotonic()
    understanding = Understanding(load_answers(share_file(options.answers)), own)
    understanding.load()
    return understanding, time.monotonic() - begun_s


def _timed(case: Case, understanding: Understanding) -> Outcome:
    begun_s = time.monotonic()
    found = understanding.find(Prompt(text=case.text))
    return _outcome(case, found, 1000 * (time.monotonic() - begun_s))


def _outcome(case: Case, found: Understood, took_ms: float = 0.0) -> Outcome:
    name: Callable[[Any], str] = lambda intent: intent.name if intent is not None else ""  # noqa: E731
    return Outcome(case, name(found.intent), name(found.asked), took_ms)


def _sweep(cases: Sequence[Case], meaning: Meaning, options: argparse.Namespace) -> None:
    ranked = [(case, meaning.ranked(case.text)) for case in cases]
    for answer in _ANSWER_LINES:
        for margin in (0.0, 0.1, 0.2):
            lines = DecisionLines(answer, options.ask, margin)
            found = [Outcome(case, *_by(lines, rank)) for case, rank in ranked]
            row = {name: value["percent"] for name, value in summary(found).items()}
            print(json.dumps({"answer": answer, "margin": margin, **row}))


def _by(lines: DecisionLines, ranked: Sequence[tuple[float, Any]]) -> tuple[str, str]:
    guess = lines.decide(ranked)
    name = guess.intent.name if guess.intent is not None else ""
    return (name, "") if guess.sure else ("", name)


def _print_details(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.answered != outcome.case.intent:
            what = f"answered {outcome.answered}" if outcome.answered else f"asked {outcome.asked or '-'}"
            print(f"{outcome.case.intent or '(off topic)':>16} {what:>26}  {outcome.case.text}")


def _delays(took_ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took_ms)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"median_ms": round(statistics.median(ordered), 1), "p95_ms": round(p95, 1)}
