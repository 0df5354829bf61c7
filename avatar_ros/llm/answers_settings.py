"""Options of the answers that stand in a file."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting


@dataclass(frozen=True)
class AnswersSettings(Settings):
    """Options of backend `answers`."""

    fuzzy_threshold: float = setting(
        0.55,
        "least likeness of a question that fits no pattern, 0-1; 1: none counts",
        low=0.1,
        high=1.0,
    )
    seed: int = setting(0, "start of the choice among variants; 0: another each time", low=0)
    meaning: str = setting(
        "",
        "what finds the question of free words by meaning: english (minilm and use together), use (15 languages), "
        "minilm (English), folder; '' for patterns and likeness alone",
        choices=("", "english", "use", "minilm", "folder"),
    )
    meaning_folder: str = setting("", "of 'folder': a sentence transformer (config.json, tokenizer.json, weights)")
    meaning_needed: bool = setting(False, "the node ends where the weights cannot be loaded; else patterns go on alone")
    meaning_answer: float = setting(0.25, "least probability that a question is answered, 0-1", low=0.0, high=1.0)
    meaning_margin: float = setting(0.2, "by how much it must be likelier than the next question", low=0.0, high=1.0)
    meaning_ask: float = setting(0.12, 'least probability that "did you mean" is asked, 0-1', low=0.0, high=1.0)
    other_questions: str = setting(
        "config/other_questions.yaml",
        "sentences that are none of the file's questions, YAML; '' for none",
    )
    session_ttl_s: float = setting(
        60.0,
        "which variant was last used is forgotten after so long without a question, s",
        low=0.0,
    )
