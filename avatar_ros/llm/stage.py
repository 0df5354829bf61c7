"""The llm stage: prompts in, pieces of answers out as they come, many sessions at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import cast

from ..core.enums import InterruptAction, SessionKind, VoiceKind
from ..core.errors import LlmError
from ..core.events import Interrupt, Offer, SessionEvent
from ..core.registry import NO_OPTIONS, Options
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import Prompt, Reply, VoiceActivity
from .base import LLM_BACKENDS, Answer, AnswersLanguages, Chat, Confirmable, Draft, LlmSettings, NamesLanguage
from .fallback import ChatWithFallback
from .own_first import ChatWithOwnAnswers, OwnAnswers
from .service_errors import BrokenOffError
from .tools.caller import ToolCaller, UsesTools

#: While an answer is under way: deadlines are looked at this often. What arrives is taken at once, by wake().
_BUSY_TICK_S = 0.05
#: How the first sentence of the answer to a prompt is made into a draft for the voice.
Drafter = Callable[[Prompt], Draft]
#: Longest piece of an answer, characters: the dialogue has other things to do, too.
_PIECE_CHARACTERS = 2000


class _Running:
    """An answer and the number of its next piece. draft: None where nobody makes any."""

    def __init__(self, prompt: Prompt, answer: Answer, draft: Draft | None) -> None:
        self.prompt = prompt
        self.answer = answer
        self._draft = draft
        self.seq = 0

    @property
    def key(self) -> tuple[int, int]:
        return (self.prompt.epoch, self.prompt.turn)

    def confirm(self, now_s: float) -> None:
        """The turn is wanted."""
        if isinstance(self.answer, Confirmable):
            self.answer.confirm(now_s)

    def reply(self, text: str, *, final: bool, broken: bool) -> Iterator[Out]:
        """The next piece, and the first sentence for the voice when that is whole. broken: something is missing that
        will not come; the gap in `seq` says so.
        """
        prompt = self.prompt
        self.seq += 2 if broken else 1
        locale = self.answer.locale if isinstance(self.answer, NamesLanguage) else ""
        piece = Reply(prompt.session, prompt.epoch, prompt.turn, self.seq - 1, text, final, locale=locale)
        yield Out("dialogue/reply", piece)
        sentence = self._draft.feed(piece) if self._draft is not None else None
        if sentence is not None:
            yield Out("speech/draft", sentence)


class LlmStage(Stage):
    """Holds no conversation: at most one answer under way a session, dropped when cancelled or superseded."""

    says_alive = True

    def __init__(self, settings: LlmSettings, chat: Chat, drafter: Drafter | None = None) -> None:
        super().__init__()
        self._drafter = drafter
        self._settings = settings
        self._chat = chat
        self._running: dict[str, _Running] = {}  # by session
        self._resumed: dict[str, tuple[int, int]] = {}  # by session: the turn that was resumed last
        self._answered = self._prepared = 0

    def load(self) -> None:
        """Load the backend."""
        self._chat.load()
        self.can_do = self._chat.status().get("understands", "")
        self.offer = Offer("llm_node", self._chat.languages() if isinstance(self._chat, AnswersLanguages) else ())

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Begin to answer a prompt. One for a later turn means that the earlier one is not waited for any more.

        mic/voice_activity: there will soon be something to answer.
        """
        if isinstance(message, VoiceActivity) and message.kind is VoiceKind.STARTED:
            self._chat.expect(now_s)
        if not isinstance(message, Prompt):
            return
        older = self._running.get(message.session)
        if older is not None:
            if older.key >= (message.epoch, message.turn):
                return
            self._drop(message.session)
        draft = self._drafter(message) if self._drafter is not None and message.first_characters else None
        running = _Running(message, self._chat.ask(message, now_s, self._wake), draft)
        self._running[message.session] = running
        if self._resumed.get(message.session) == running.key:
            running.confirm(now_s)  # orders overtake prompts
        yield from self._take((running,), now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Pass on what has arrived, and what is due."""
        yield from self._take(tuple(self._running.values()), now_s)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL drops the answer; RESUME says that what was only prepared is wanted."""
        if order.action is InterruptAction.RESUME:
            self._resumed[order.session] = (order.epoch, order.turn)
            running = self._running.get(order.session)
            if running is not None and running.key == (order.epoch, order.turn):
                running.confirm(now_s)
                return self._take((running,), now_s)
        self.abort(order)
        if self._cancels(order, self._running.get(order.session)):
            self._drop(order.session)
        return ()

    def abort(self, order: Interrupt) -> None:
        """Close the stream at once; the answer itself is dropped by `interrupt`, on the stage's own thread."""
        running = self._running.get(order.session)
        if running is not None and self._cancels(order, running):
            running.answer.close()

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Forget a closed session."""
        if event.kind is SessionKind.CLOSED:
            self._drop(event.session)
            self._resumed.pop(event.session, None)
            self._chat.forget(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """What the backend says, and counts."""
        counts = {"backend": self._settings.backend, "answers": str(self._answered), "running": str(len(self._running))}
        if self._prepared:
            counts["prepared_answers"] = str(self._prepared)
        return {**counts, **self._chat.status()}

    def close(self) -> None:
        """Give up what is under way and free the backend."""
        for session in list(self._running):
            self._drop(session)
        self._chat.close()

    def _wake(self) -> None:
        self.wake()  # looked up when called: the runner sets it after the stage was built

    @staticmethod
    def _cancels(order: Interrupt, running: _Running | None) -> bool:
        cancels = order.action is InterruptAction.CANCEL
        return cancels and running is not None and running.key <= (order.epoch, order.turn)

    def _drop(self, session: str) -> None:
        running = self._running.pop(session, None)
        if running is not None:
            running.answer.close()
        self._set_tick_period()

    def _set_tick_period(self) -> None:
        self.tick_period_s = _BUSY_TICK_S if self._running else 0.0

    def _take(self, several: Iterable[_Running], now_s: float) -> Iterator[Out]:
        failure: LlmError | None = None
        for running in several:
            if self._running.get(running.prompt.session) is not running:
                continue  # cancelled at one of our yields
            text, error = _all_of(running.answer, now_s)
            if error is not None and not isinstance(error, BrokenOffError):
                failure = error
            if running.answer.done:
                self._answered += not running.prompt.speculative
                self._prepared += running.prompt.speculative
                self._drop(running.prompt.session)
            while len(text) > _PIECE_CHARACTERS:
                yield from running.reply(text[:_PIECE_CHARACTERS], final=False, broken=False)
                text = text[_PIECE_CHARACTERS:]
            if text or running.answer.done:
                yield from running.reply(text, final=running.answer.done, broken=error is not None)
        self._set_tick_period()
        if failure is not None:
            raise failure


def _all_of(answer: Answer, now_s: float) -> tuple[str, LlmError | None]:
    """What came so far, and what it ended with: a failure right behind the last word is not left for the next tick."""
    text = ""
    try:
        while pieces := "".join(answer.take(now_s)):
            text += pieces
    except LlmError as error:
        return text, error
    return text, None


def build(
    settings: LlmSettings, own: Options = NO_OPTIONS, tools: ToolCaller | None = None, drafter: Drafter | None = None
) -> Stage:
    """The stage with the backend that `settings` names, its fallback, and the answers file before it where it is asked
    first. tools: how a model's calls reach the robot; drafter: None: no drafts. Raises UnknownBackendError.
    """
    chats: dict[str, Chat] = {}  # by name: one that serves in two places is loaded once

    def chat(name: str) -> Chat:
        if name not in chats:
            chats[name] = made = LLM_BACKENDS.make(name, settings, own=own)
            if tools is not None and isinstance(made, UsesTools):
                made.use_tools(tools)
        return chats[name]

    chosen = chat(settings.backend)
    if settings.fallback and settings.fallback != settings.backend and chosen.remote:
        chosen = ChatWithFallback(chosen, chat(settings.fallback), settings)
    if settings.own_answers_first and settings.backend != "answers":
        chosen = ChatWithOwnAnswers(cast(OwnAnswers, chat("answers")), chosen)
    return LlmStage(settings, chosen, drafter)
