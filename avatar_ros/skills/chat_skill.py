"""The skill Chat: words as if a person had said them, and the avatar's answer."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.spoken_text import speakable
from ..core.stage import Out
from ..core.topics import Message
from ..core.types import Prompt, Reply, Transcript
from .goals import ChatEnd, ChatGoal, ChatNews
from .observed import Turn
from .skill import Skill, Surroundings

#: Longest text, characters: message_limits cuts transcripts there.
_LONGEST = 5000
#: Words that no prompt follows upon were lost, or came while the dialogue took them for another program's: they are
#: sent again after this time in which it was not busy, s, and so often in all.
_AGAIN_S, _MOST_SENT = 1.5, 3


class ChatSkill(Skill):
    """The answer is spoken as any other; its text comes back, too."""

    topics = frozenset({"dialogue/prompt", "dialogue/reply"})

    def __init__(self, goal: ChatGoal, around: Surroundings) -> None:
        super().__init__()
        self._goal = goal
        self._around = around
        self._began_s = 0.0
        self._sent = 0
        self._quiet_s: float | None = None  # since when nothing has followed, and nobody was busy; None: a prompt has
        self._epoch = 0
        self._turn: Turn | None = None
        self._pieces: dict[int, Reply] = {}

    def begin(self, now_s: float) -> Iterable[Out]:
        """Refuse what cannot be; else ask as soon as the answer would be heard."""
        self._began_s = now_s
        if not speakable(self._goal.text):
            self.end = ChatEnd(reason="empty_text")
        elif len(self._goal.text) > _LONGEST:
            self.end = ChatEnd(reason="too_long")
        yield from self.tick(now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Ask once no program listens, or lose patience."""
        if self.end is not None:
            return
        observed, waited_s = self._around.observed, now_s - self._began_s
        if self._quiet_s is not None and observed.busy:
            self._quiet_s = now_s  # with these words, or what is on its way out: which of them, its prompt will tell
        claimed = now_s < observed.claimed_until_s
        if observed.asleep:
            self._finish("asleep")
        elif self._sent and observed.epoch > self._epoch:
            self._finish("dialogue_lost")
        elif self._goal.timeout_s > 0 and waited_s > self._goal.timeout_s:
            self._finish("timeout")
        elif self._is_due(now_s) and self._will_be_heard(now_s):
            self._sent, self._quiet_s, self._epoch = self._sent + 1, now_s, observed.epoch
            observed.passed_on[self._goal.text] = now_s
            session = self._around.settings.session
            yield Out("speech/transcript", Transcript(session, text=self._goal.text, locale=self._goal.locale))
        elif not self._sent and not claimed and waited_s > self._around.settings.dialogue_wait_s:
            self._finish("no_dialogue")

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Find the prompt that it has become, and gather the answer."""
        if self.end is None and self._sent:
            if isinstance(message, Prompt) and self._goal.text in message.text:
                self._quiet_s = None
            if isinstance(message, Prompt) and message.text == self._goal.text:
                self._turn, self._pieces = (message.epoch, message.turn), {}
            elif isinstance(message, Reply) and (message.epoch, message.turn) == self._turn:
                self._pieces[message.seq] = message
                self._read()
        return ()

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Wait no more; the answer itself is not taken back."""
        if self.end is None:
            self._finish(reason)
        return ()

    def _is_due(self, now_s: float) -> bool:
        if not self._sent:
            return True
        return self._sent < _MOST_SENT and self._quiet_s is not None and now_s - self._quiet_s > _AGAIN_S

    def _will_be_heard(self, now_s: float) -> bool:
        observed = self._around.observed
        hears = all(observed.hears(topic) for topic in self.topics)
        return hears and observed.epoch > 0 and now_s >= observed.claimed_until_s

    def _read(self) -> None:
        pieces = [self._pieces[seq] for seq in sorted(self._pieces)]
        self.news = ChatNews("".join(piece.text for piece in pieces))
        if pieces[-1].final:
            whole = len(pieces) == pieces[-1].seq + 1
            self.end = ChatEnd(whole, self.news.reply, "" if whole else "broken_off")

    def _finish(self, reason: str) -> None:
        self.end = ChatEnd(reply=self.news.reply if isinstance(self.news, ChatNews) else "", reason=reason)
