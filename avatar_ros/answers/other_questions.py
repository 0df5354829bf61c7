"""Reads config/other_questions.yaml: sentences that are none of an answers file's questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.loading import boundary
from ..core.yaml_text import load_yaml


def read_other_questions(yaml: Any, path: Path) -> tuple[str, ...]:
    """The sentences of config/other_questions.yaml: topic -> list. Raises ConfigError."""
    with boundary(path, ConfigError, "other_questions", "compare it with config/other_questions.yaml"):
        tree = load_yaml(yaml, path, "other_questions")
        lists = tree.values() if isinstance(tree, dict) else ()
        if not lists or not all(isinstance(texts, list) and all(isinstance(t, str) for t in texts) for texts in lists):
            raise ConfigError("other_questions", f"{path} must hold topics, each with a list of sentences in quotes")
        return tuple(dict.fromkeys(text for texts in lists for text in texts))
