"""What can be asked, read from the answers file: the sentences to listen for, and how odd words are spoken."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..core.answers_file import Answers, read_answers
from ..core.errors import ConfigError
from ..core.phrases import Choice, Node, Series


def load(path: Path) -> Answers:
    """The checked answers file. Raises ConfigError naming the line of a mistake."""
    try:
        return read_answers(yaml.compose(path.read_text("utf-8")), str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError("answers_file", f"{path} cannot be read: {error}") from error


def pattern(answers: Answers) -> Node:
    """Every sentence that may be asked. Written once around all questions, not once around each."""
    asked = Choice(tuple(dict.fromkeys(intent.phrases for intent in answers.intents)))
    return Series((answers.before, asked, answers.after))
