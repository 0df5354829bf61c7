"""What a prompt asks of the answers file: by its patterns, by meaning or likeness; and what a yes is said to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from ..answers.embeddings.base import SENTENCE_ENCODERS, SentenceEncoder
from ..answers.file import PLACEHOLDER, QUESTION, YES, Answers, Intent
from ..answers.matcher import Matcher
from ..answers.meaning import DecisionLines, Meaning
from ..answers.other_questions import read_other_questions
from ..answers.vector_cache import cache_folder
from ..core.errors import AvatarRosError
from ..core.paths import share_file
from ..core.types import ChatMessage, Prompt
from .answers_settings import AnswersSettings

#: A question counts as heard when so much of it was said: it may have been interrupted.
_HEARD = 0.6
_FACE = re.compile(r"\[[A-Za-z_-]+\]\s*")
#: Ways of understanding.
PATTERN, LIKENESS, MEANING, CONFIRMED, NO_WAY = "pattern", "likeness", "meaning", "confirmed", ""


@dataclass(frozen=True)
class Understood:
    """intent: to be answered, or None; asked: to be asked "did you mean"; how: one of the ways above."""

    intent: Intent | None = None
    asked: Intent | None = None
    how: str = NO_WAY


class Understanding:
    """Patterns always, meaning where its weights are there; where they are not, likeness, and a warning says why."""

    def __init__(self, answers: Answers, own: AnswersSettings) -> None:
        self._answers = answers
        self._own = own
        self._matcher = Matcher(answers, own.fuzzy_threshold)
        self._lines = DecisionLines(own.meaning_answer, own.meaning_ask, own.meaning_margin)
        self._encoder: SentenceEncoder | None = None
        self.meaning: Meaning | None = None
        self.languages: tuple[str, ...] = ()
        self.warning = ""

    def load(self) -> None:
        """Load the encoder and learn the file. Raises ConfigError where it must be there and is not."""
        if not self._own.meaning:
            return
        try:
            self._load()
        except AvatarRosError as error:
            self.close()
            if self._own.meaning_needed:
                raise
            self.warning = f"no answers by meaning, patterns and words alone: {error}"

    def describe(self) -> str:
        """What this kiosk can understand, and in which languages, in one line."""
        file = f"{len(self._answers.intents)} questions of the answers file ({self._answers.locale})"
        if self.meaning is None:
            return f"understands {file}, in the words of its patterns"
        languages = ", ".join(self.languages) or "the languages of its model"
        return f"understands {file}, in their patterns' words and in free words of {languages}"

    def find(self, prompt: Prompt) -> Understood:
        """What it asks. A rejected prompt asks nothing."""
        if prompt.rejected or not prompt.text.strip():
            return Understood()
        found = self._find(prompt.text)
        offered = self._offered(prompt.history) if found.intent and found.intent.replies else None
        if offered is None or found.intent is None:
            return found
        return Understood(offered, how=CONFIRMED) if found.intent.replies == YES else found

    def close(self) -> None:
        """Free the encoder."""
        if self._encoder is not None:
            self._encoder.close()
        self._encoder = self.meaning = None

    def _load(self) -> None:
        language = self._answers.locale.partition("-")[0].lower()
        name = self._own.meaning
        if name == "english" and language != "en":
            name = "use"  # the half of it that knows other languages
        self._encoder = SENTENCE_ENCODERS.make(name, self._own.meaning_folder)
        self._encoder.load()
        self.languages = self._encoder.languages
        if self.languages and language not in self.languages:
            self.warning = (
                f"the answers file is in '{self._answers.locale}', and '{name}' understands "
                f"{', '.join(self.languages)}: free wording will often be missed; name a model of that language in "
                "answers.meaning_folder"
            )
        others = read_other_questions(yaml, share_file(self._own.other_questions)) if self._own.other_questions else ()
        self.meaning = Meaning(self._answers, self._encoder, others, cache_folder())

    def _find(self, text: str) -> Understood:
        if self.meaning is None:
            intent = self._matcher.find(text)
            return Understood(intent, how=LIKENESS if intent else NO_WAY)
        if (exact := self._matcher.exact(text)) is not None:
            return Understood(exact, how=PATTERN)
        guess = self.meaning.guess(text, self._lines)
        if guess.intent is not None and guess.sure:
            return Understood(guess.intent, how=MEANING)
        can_ask = guess.intent is not None and guess.intent.named and self._answers.did_you_mean
        return Understood(asked=guess.intent if can_ask else None)

    def _offered(self, history: Sequence[ChatMessage]) -> Intent | None:
        """The question that the avatar asked about last: "Did you mean …?"."""
        said = next((line.text for line in reversed(history) if line.role == "assistant"), "")
        for intent in self._answers.intents if said else ():
            for text in self._answers.did_you_mean if intent.named else ():
                if _was_said(filled(text, intent, self._answers), said):
                    return intent
        return None


def filled(text: str, intent: Intent, answers: Answers) -> str:
    """A text of did_you_mean about this question, without its [face]."""
    known = {**answers.facts, QUESTION: intent.named}
    return " ".join(PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), _FACE.sub("", text)).split())


def _was_said(whole: str, said: str) -> bool:
    spoken = " ".join(said.split())
    return len(spoken) >= _HEARD * len(whole) and whole.startswith(spoken)
