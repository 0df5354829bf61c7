"""What becomes of the turn when a node that it needs dies: it is said again, asked again, or given up in time."""

from __future__ import annotations

from ..core.enums import PlaybackState
from ..core.peers import PeerChange, PeerNews
from .turn import Turn
from .turn_manager import TurnManager

#: Why a turn cannot be heard, by the node that died.
VOICE_PATH = {"tts_node": "voice_lost", "speaker_node": "speaker_lost"}
LLM = "llm_node"
#: A turn whose nodes die each time is begun, or asked, so often.
MAX_ATTEMPTS = 4
#: DDS has found a node by so long after its first sign of life, s.
_FRESH_S = 10.0


class Recovery:
    """Told the news of other nodes. A node that was only silent knows what it was at: nothing is done twice."""

    def __init__(self, floor: TurnManager, patience_s: float) -> None:
        self._turn_manager = floor
        self._patience_s = patience_s
        self._llm_lost_s: float | None = None

    def news(self, news: PeerNews, now_s: float) -> None:
        """A node of VOICE_PATH, or the LLM, was lost or is back."""
        if news.node == LLM:
            self._llm(news.change, now_s)
        elif news.change is PeerChange.LOST:
            self._turn_manager.away.add(news.node)
        else:
            self._turn_manager.away.discard(news.node)
            self._turn_manager.fresh_until_s = now_s + _FRESH_S
            turn = self._turn_manager.turn
            if news.change is PeerChange.RESTARTED and turn is not None and turn.given:
                turn.broken = turn.broken if turn.broken == "speaker_lost" else VOICE_PATH[news.node]
            self._turn_manager.go_on()

    def due(self, now_s: float) -> str:
        """Say the turn again once that can be heard. Why it must be given up: "no_answer", …; "" where it need not."""
        turn = self._turn_manager.turn
        if turn is None:
            return ""
        if turn.broken and not self._turn_manager.away and _silent(turn):
            if turn.attempts >= MAX_ATTEMPTS:
                return turn.broken
            self._turn_manager.repeat(now_s)
        if not turn.lines or not (turn.broken or self._turn_manager.away):
            turn.stalled_s = None
            return self._answer_due(turn, now_s)
        if turn.stalled_s is None:
            turn.stalled_s = now_s
        if now_s - turn.stalled_s <= self._patience_s:
            return ""
        return next((why for node, why in VOICE_PATH.items() if node in self._turn_manager.away), turn.broken)

    def _llm(self, change: PeerChange, now_s: float) -> None:
        self._llm_lost_s = now_s if change is PeerChange.LOST else None
        turn = self._turn_manager.turn
        if change is not PeerChange.RESTARTED or turn is None or turn.complete:
            return
        if turn.answered or turn.attempts >= MAX_ATTEMPTS:
            self._turn_manager.give_up_waiting(now_s)  # another answer would not go on with what was said of this one
        else:
            self._turn_manager.ask_again(now_s)

    def _answer_due(self, turn: Turn, now_s: float) -> str:
        lost_s = self._llm_lost_s
        waits = turn.reader is not None and not turn.complete and lost_s is not None
        return "no_answer" if waits and now_s - max(lost_s or 0.0, turn.began_s) > self._patience_s else ""


def _silent(turn: Turn) -> bool:
    """Whether nothing of it sounds any more, and nobody speaks over it."""
    dry = turn.playback in (None, PlaybackState.STARVED)
    return not turn.paused and (dry or turn.broken == "speaker_lost")
