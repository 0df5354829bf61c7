"""Picks and fills in what is said: not the same words twice in a row, and more help the less is understood."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import yaml

from ..core.locales import find_language, load_language
from ..core.types import ChatMessage
from .file import EXAMPLES, PLACEHOLDER, QUESTION, Answers, Intent
from .spoken_dates import spoken_now

_EXAMPLES_AT_ONCE = 3
_TAG = re.compile(r"\[[A-Za-z_-]+\]\s*")


@dataclass
class ResponseHistory:
    """Of one session: the variant last used of each list, and the misunderstandings in a row."""

    last: dict[str, str] = field(default_factory=dict)
    misses: int = 0


class ResponseSelector:
    """Words for a question, or for one that was not understood."""

    def __init__(self, answers: Answers, rng: random.Random) -> None:
        self._answers = answers
        self._rng = rng
        self._language = find_language(yaml, answers.locale) or load_language(yaml, "en")
        self._suggested = [intent.suggest for intent in answers.intents if intent.suggest]
        texts = [text for intent in answers.intents for text in intent.answers if "{last_reply}" in text]
        self._repeats = [_repeat_pattern(text) for text in texts if text.strip() != "{last_reply}"]

    def select(
        self, intent: Intent | None, used: ResponseHistory, history: Sequence[ChatMessage], now: datetime
    ) -> str:
        """The text to be spoken; intent None: it was not understood."""
        known = {**self._answers.facts, **spoken_now(now, self._language)}
        if last_reply := self._last_reply(history):
            known["last_reply"] = last_reply
        used.misses = 0 if intent else used.misses + 1
        variants = self._sayable(intent.answers, known) if intent else ()
        if intent and variants:
            return self._fill(self._pick("intent " + intent.name, variants, used), used, known)
        again = used.misses > 1
        name, texts = (
            ("not_understood_again", self._answers.not_understood_again)
            if again
            else ("not_understood", self._answers.not_understood)
        )
        return self._fill(self._pick(name, texts, used), used, known)

    def ask(self, intent: Intent, used: ResponseHistory) -> str:
        """Whether this question was meant. The file must have did_you_mean."""
        text = self._pick("did_you_mean", self._answers.did_you_mean, used)
        return " ".join(_filled(text, {**self._answers.facts, QUESTION: intent.named}).split())

    def _sayable(self, texts: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
        """Those of which everything is known: nothing can be repeated before something was said."""
        names = {*known, "suggestions"}
        return tuple(text for text in texts if names.issuperset(PLACEHOLDER.findall(text)))

    def _pick(self, name: str, texts: Sequence[str], used: ResponseHistory) -> str:
        fresh = [text for text in texts if text != used.last.get(name)] or list(texts)
        used.last[name] = self._rng.choice(fresh)
        return used.last[name]

    def _fill(self, text: str, used: ResponseHistory, known: Mapping[str, str]) -> str:
        if "{suggestions}" in text:
            known = {**known, "suggestions": self._suggestions(used, known)}
        return " ".join(_filled(text, known).split())

    def _suggestions(self, used: ResponseHistory, known: Mapping[str, str]) -> str:
        if not self._suggested or not self._answers.suggestions:
            return ""
        chosen = self._rng.sample(self._suggested, min(_EXAMPLES_AT_ONCE, len(self._suggested)))
        between, last = self._language.listing
        examples = between.join(chosen[:-1]) + (last if len(chosen) > 1 else "") + chosen[-1]
        return _filled(self._pick("suggestions", self._answers.suggestions, used), {**known, EXAMPLES: examples})

    def _last_reply(self, history: Sequence[ChatMessage]) -> str:
        """What the avatar said last, without the "I said:" that an earlier repetition put before it."""
        said = next((line.text for line in reversed(history) if line.role == "assistant"), "")
        for _ in range(len(history)):
            inner = next((found[1] for found in (p.fullmatch(said) for p in self._repeats) if found), "")
            if not inner:
                break
            said = inner
        return said


def _filled(text: str, known: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)


def _repeat_pattern(text: str) -> re.Pattern[str]:
    """Matches what was said with this variant; its group is what was repeated."""
    before, _, after = _TAG.sub("", text).partition("{last_reply}")
    return re.compile(re.escape(before.strip()) + r"\s*(.+?)\s*" + re.escape(after.strip()), re.DOTALL)
