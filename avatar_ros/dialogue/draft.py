"""A prepared answer's first sentence, on the short way: whoever answers cuts it as the dialogue will, and gives it to
the voice at once. Where those are on another host, its sound comes two crossings sooner.

FirstSentence cuts it there. DraftCheck, in the dialogue, compares what was given with what the dialogue makes of the
same answer, and has anything else thrown away: no other words than the dialogue's own are heard.
"""

from __future__ import annotations

from ..core.types import Prompt, Reply, Sentence
from ..core.writing_scripts import fits
from .reply import ReplyReader
from .sentences import SentenceCutter
from .turn_manager import TurnManager

#: Reason of a turn that is said again since something else was given to the voice.
OTHER_DRAFT = "other_draft"


class FirstSentence:
    """Of the answer to `prompt`, which says how to cut it."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        first, most = prompt.first_characters, prompt.most_characters
        self._reader = ReplyReader(SentenceCutter(first_clause_length=first, clause_length=first, max_length=most))
        self._locale = ""
        self._over = not (first and most)

    def feed(self, piece: Reply) -> Sentence | None:
        """The sentence, once, when this piece completes it; None before, after, and where it cannot be known: an
        answer in another script than the question's is in a language that the dialogue alone chooses.
        """
        if self._over:
            return None
        self._locale = piece.locale or self._locale
        lines = self._reader.feed(piece)
        self._over = bool(lines) or self._reader.done
        if not lines or not (self._locale or fits(lines[0].text, self._prompt.locale)):
            return None
        prompt, line = self._prompt, lines[0]
        return Sentence(
            session=prompt.session,
            epoch=prompt.epoch,
            turn=prompt.turn,
            index=0,
            text=line.text,
            locale=self._locale or prompt.locale,
            expression=line.expression,
            last=self._reader.done and len(lines) == 1 and not self._reader.cut_short,
            gesture=line.gesture,
        )


class DraftCheck:
    """Told of drafts; `check` is to be called after every event."""

    def __init__(self, turns: TurnManager) -> None:
        self._turns = turns
        self._draft: Sentence | None = None  # the first of the newest turn: the voice takes no other

    def take(self, draft: Sentence, now_s: float) -> None:
        """A first sentence was given to the voice."""
        known = self._draft
        if draft.index == 0 and (known is None or (draft.epoch, draft.turn) > (known.epoch, known.turn)):
            self._draft = draft

    def check(self, now_s: float) -> None:
        """What was given is not what is to be said: begin anew without it."""
        draft, turns = self._draft, self._turns
        turn = turns.turn or turns.prepared
        if draft is None or turn is None or not turn.sentences:
            return
        if (draft.epoch, draft.turn) != (turns.epoch, turn.number) or _same(draft, turn.sentences[0]):
            return
        if turn is turns.prepared:
            turns.discard()
        else:
            turn.lost = OTHER_DRAFT
            turns.repeat(now_s)


def _same(draft: Sentence, own: Sentence) -> bool:
    """Whether the voice makes the same of both."""
    return (draft.text, draft.locale, draft.last) == (own.text, own.locale, own.last)
