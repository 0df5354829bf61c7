"""What becomes of the turn when a node that it needs dies: it is said again, asked again, or given up in time."""

from __future__ import annotations

from ..core.enums import PlaybackState
from ..core.peers import PeerChange, PeerNews
from .turn import Turn
from .turn_manager import TurnManager

#: Why a turn cannot be heard, by the node that died.
VOICE_PATH = {"tts_node": "voice_lost", "speaker_node": "speaker_lost"}
LLM = "llm_node"
#: A turn whose nodes die each time is begun, or asked, this often.
MAX_ATTEMPTS = 4
#: DDS has found a node by this time after its first sign of life, s.
_RECONNECT_S = 10.0


class Recovery:
    """Told the news of other nodes. A node that was only silent knows what it was at: nothing is done twice."""

    def __init__(self, turns: TurnManager, patience_s: float) -> None:
        self._turns = turns
        self._patience_s = patience_s
        self._llm_lost_s: float | None = None

    def peer(self, news: PeerNews, now_s: float) -> None:
        """A node of VOICE_PATH, or the LLM, was lost or is back."""
        if news.node == LLM:
            self._llm_changed(news.change, now_s)
        elif news.change is PeerChange.LOST:
            self._turns.lost_nodes.add(news.node)
        else:
            self._turns.lost_nodes.discard(news.node)
            self._turns.reconnecting_until_s = now_s + _RECONNECT_S
            turn = self._turns.turn
            if news.change is PeerChange.RESTARTED and turn is not None and turn.sent:
                turn.lost = turn.lost if turn.lost == "speaker_lost" else VOICE_PATH[news.node]
            self._turns.send_sentences()

    def due(self, now_s: float) -> str:
        """Say the turn again once that can be heard. Why it must be given up: "no_answer", …; "" where it need not."""
        turn = self._turns.turn
        if turn is None:
            return ""
        if turn.lost and not self._turns.lost_nodes and _silent(turn):
            if turn.attempts >= MAX_ATTEMPTS:
                return turn.lost
            self._turns.repeat(now_s)
        if not turn.sentences or not (turn.lost or self._turns.lost_nodes):
            turn.stalled_s = None
            return self._answer_due(turn, now_s)
        if turn.stalled_s is None:
            turn.stalled_s = now_s
        if now_s - turn.stalled_s <= self._patience_s:
            return ""
        return next((why for node, why in VOICE_PATH.items() if node in self._turns.lost_nodes), turn.lost)

    def _llm_changed(self, change: PeerChange, now_s: float) -> None:
        self._llm_lost_s = now_s if change is PeerChange.LOST else None
        turn = self._turns.turn
        if change is not PeerChange.RESTARTED or turn is None or turn.complete:
            return
        if turn.answered or turn.attempts >= MAX_ATTEMPTS:
            self._turns.end_answer(now_s)  # another answer would not go on with what was heard of this one
        else:
            self._turns.ask_again(now_s)

    def _answer_due(self, turn: Turn, now_s: float) -> str:
        lost_s = self._llm_lost_s
        waits = turn.reader is not None and not turn.complete and lost_s is not None
        return "no_answer" if waits and now_s - max(lost_s or 0.0, turn.began_s) > self._patience_s else ""


def _silent(turn: Turn) -> bool:
    """Whether its sound has ended, and the user does not speak over it."""
    dry = turn.playback in (None, PlaybackState.STARVED)
    return not turn.paused and (dry or turn.lost == "speaker_lost")
