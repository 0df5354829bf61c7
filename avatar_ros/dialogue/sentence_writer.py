"""Makes the Sentences of a turn: text cut into sentences, each with its number and its language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ..core.types import Prompt, Sentence
from ..core.writing_scripts import fits
from .base import DialogueSettings
from .sentences import CutSentence, SentenceCutter
from .turn import Source, Turn


class SentenceWriter:
    """Of one session and one epoch."""

    def __init__(self, settings: DialogueSettings, session: str, epoch: int) -> None:
        self._settings = settings
        self._session = session
        self._epoch = epoch

    def cutter(self) -> SentenceCutter:
        """A new one, as the settings say."""
        settings = self._settings
        return SentenceCutter(
            first_clause_length=settings.first_clause_characters,
            clause_length=settings.clause_characters,
            max_length=settings.sentence_characters,
        )

    def cut(self, text: str, locale: str = "", expression: str = "") -> Iterator[CutSentence]:
        """A complete text, cut as its sentences are asked for. locale: of all; expression: of those that name none."""
        cutter = self.cutter()
        for line in chain(cutter.feed(text), cutter.finish()):
            yield CutSentence(line.text, line.expression or expression, locale, line.gesture)

    def draftable(self, prompt: Prompt) -> Prompt:
        """Whoever answers it may give the first sentence to the voice, cut as by `cutter`: see draft.py."""
        settings = self._settings
        first = min(settings.first_clause_characters, settings.clause_characters)
        return replace(prompt, first_characters=first, most_characters=settings.sentence_characters)

    def sentence(self, turn: Turn, line: CutSentence, *, last: bool) -> Sentence:
        """The next Sentence of the turn."""
        return Sentence(
            session=self._session,
            epoch=self._epoch,
            turn=turn.number,
            index=len(turn.sentences),
            text=line.text,
            locale=line.locale or self._locale_for(turn, line.text),
            expression=line.expression,
            last=last,
            gesture=line.gesture,
        )

    def _locale_for(self, turn: Turn, text: str) -> str:
        """What the answer names; else the turn's, unless the answer is in another script, which the kiosk's own is."""
        if turn.reply_locale:
            return turn.reply_locale
        own = self._settings.locale
        foreign = turn.source is Source.ANSWER and not fits(text, turn.locale)
        return own if foreign and fits(text, own) else turn.locale
