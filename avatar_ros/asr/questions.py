"""What can be asked, read from the answers file: the sentences to listen for, and how odd words are spoken."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..core.answers_file import Answers, load_answers_file
from ..core.phrases import Choice, Node, Series


def load(path: Path) -> Answers:
    """The checked answers file. Raises ConfigError naming the line of a mistake."""
    return load_answers_file(yaml, path)


def pattern(answers: Answers) -> Node:
    """Every sentence that may be asked. Written once around all questions, not once around each."""
    asked = Choice(tuple(dict.fromkeys(intent.phrases for intent in answers.intents)))
    return Series((answers.before, asked, answers.after))
