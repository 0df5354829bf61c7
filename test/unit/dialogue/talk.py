"""A dialogue on its own, with the test in the place of all other stages."""

from __future__ import annotations

from typing import Any

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.events import Interrupt, Say
from avatar_ros.core.types import PlaybackClock, Prompt, Reply, Transcript, VoiceActivity
from avatar_ros.dialogue.base import PORT, DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from harness import Harness

EPOCH = 7


class Talk(Harness):
    """Send what the other stages would; the dialogue is told at once."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.add("dialogue", DialogueStage(DialogueSettings(**settings), lambda: (EPOCH, "")), PORT)
        self.utterance = 0
        self.run(0.0)
        self.records.clear()

    # --- the person -----------------------------------------------------------------------------------------------

    def speak(self) -> None:
        """The person begins to speak."""
        self.utterance += 1
        self.voice(VoiceKind.STARTED, self.utterance)

    def hush(self, voice_samples: int = 0) -> None:
        """The person's silence is noticed."""
        self.voice(VoiceKind.STOPPED, self.utterance, voice_samples=voice_samples)

    def voice(self, kind: VoiceKind, utterance: int, **fields: Any) -> None:
        steady_ns = ns_from_s(self.now_s)
        self.tell("mic/voice_activity", VoiceActivity("local", utterance, kind, steady_ns=steady_ns, **fields))

    def words(self, text: str, **fields: Any) -> None:
        """The transcript comes."""
        self.tell("speech/transcript", Transcript("local", self.utterance, text, **fields))

    def tell_of(self, utterance: int, text: str, **fields: Any) -> None:
        """The transcript of an earlier utterance comes."""
        self.tell("speech/transcript", Transcript("local", utterance, text, **fields))

    def ask(self, text: str, voice_s: float = 1.0, **fields: Any) -> None:
        """A whole utterance, with its transcript 0.1 s after the silence was noticed."""
        self.speak()
        self.run(voice_s)
        self.hush()
        self.run(0.1)
        self.words(text, **fields)

    # --- the machine ----------------------------------------------------------------------------------------------

    def reply(self, text: str, seq: int = 0, *, final: bool = True, turn: int = 0) -> None:
        """The LLM sends a piece for the newest prompt."""
        self.tell("dialogue/reply", Reply("local", EPOCH, turn or self.turn, seq, text, final))

    def play(
        self, sentence: int = 0, progress: float = 0.1, state: PlaybackState = PlaybackState.PLAYING, **fields: Any
    ) -> None:
        """The speaker reports on the newest turn."""
        clock = {"epoch": EPOCH, "turn": self.turn, **fields}
        self.tell("speech/playback", PlaybackClock(sentence=sentence, sentence_progress=progress, state=state, **clock))

    def keep_playing(self, seconds: float, sentence: int = 0, progress: float = 0.1) -> None:
        """The speaker reports every 0.1 s."""
        for _ in range(round(seconds * 10)):
            self.play(sentence, progress)
            self.run(0.1)

    def end(self) -> None:
        """The turn's last sample was played."""
        last = max((s.index for s in self.sent("speech/sentence", turn=self.turn) if s.text), default=0)
        self.play(last, 1.0, PlaybackState.ENDED)

    def answer(self, question: str, answer: str) -> None:
        """A question that is being answered aloud."""
        self.ask(question)
        self.reply(answer)
        self.play()

    def say(self, text: str, when: SayWhen = SayWhen.QUEUE, id: str = "a") -> None:
        self.tell("say", Say("local", id, text, when))

    def tell(self, topic: str, message: Any) -> None:
        self.send(topic, message)
        self.run(0.0)

    # --- what came of it ------------------------------------------------------------------------------------------

    @property
    def turn(self) -> int:
        """Newest turn that anything was sent for."""
        return max((m.turn for t in ("dialogue/prompt", "speech/sentence") for m in self.sent(t)), default=0)

    @property
    def prompts(self) -> list[str]:
        return [prompt.text for prompt in self.sent("dialogue/prompt")]

    @property
    def prompt(self) -> Prompt:
        return self.sent("dialogue/prompt")[-1]

    @property
    def history(self) -> list[str]:
        """What the newest prompt tells of the past: "u: …", "a: …"."""
        return [f"{message.role[0]}: {message.text}" for message in self.prompt.history]

    @property
    def sentences(self) -> list[str]:
        return [sentence.text for sentence in self.sent("speech/sentence")]

    @property
    def orders(self) -> list[tuple[InterruptAction, int, str]]:
        return [(order.action, order.turn, order.reason) for order in self.sent("interrupt")]

    @property
    def actions(self) -> list[InterruptAction]:
        return [order.action for order in self.sent("interrupt")]

    @property
    def states(self) -> list[AgentState]:
        return [state.state for state in self.sent("state")]

    @property
    def state(self) -> AgentState:
        return self.states[-1] if self.states else AgentState.IDLE

    def cancels(self) -> list[Interrupt]:
        return self.sent("interrupt", action=InterruptAction.CANCEL)
