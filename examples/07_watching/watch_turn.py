"""Watch a kiosk's next turn over ROS: what it does as it happens, and the delays of the turn at its end."""

from __future__ import annotations

import math
import sys
import time

import rclpy
from avatar_ros.msg import AvatarState, Transcript, TurnReport
from rclpy.exceptions import InvalidNamespaceException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

STATES = {
    AvatarState.IDLE: "idle",
    AvatarState.LISTENING: "listening",
    AvatarState.THINKING: "thinking",
    AvatarState.SPEAKING: "speaking",
}
#: Fields of TurnReport, all in ms from the end of the question's last sound.
STEPS = {
    "voice_stop_ms": "the end of speech was noticed",
    "transcript_ms": "the question was understood",
    "first_reply_ms": "first text of the answer",
    "first_tts_ms": "first sound was made",
    "first_expression_ms": "first lips were made",
    "first_sound_ms": "first sound left the loudspeaker",
    "first_mouth_ms": "the mouth moved on the screen",
}
#: `state` is kept for late joiners; a subscription gets it only if it asks for that.
KEPT = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Watcher(Node):
    """Prints what it hears; report: of the first turn that ended."""

    def __init__(self, namespace: str) -> None:
        super().__init__("watch_turn", namespace=namespace)
        self.report: TurnReport | None = None
        self._began_s = time.monotonic()
        self.create_subscription(AvatarState, "state", self._on_state, KEPT)
        self.create_subscription(Transcript, "speech/transcript", self._on_transcript, 10)
        self.create_subscription(TurnReport, "turn_report", self._on_report, 10)

    def _on_state(self, msg: AvatarState) -> None:
        self._tell(STATES[msg.state])

    def _on_transcript(self, msg: Transcript) -> None:
        if msg.final:
            self._tell("not understood" if msg.rejected else f'heard "{msg.text}", confidence {msg.confidence:.2f}')

    def _on_report(self, msg: TurnReport) -> None:
        self.report = self.report or msg

    def _tell(self, text: str) -> None:
        print(f"{time.monotonic() - self._began_s:6.1f} s  {text}", flush=True)


def show(report: TurnReport) -> None:
    """The turn's delays, a line each; a step that did not happen is NaN."""
    print(f'turn {report.turn}: "{report.transcript}" -> "{report.spoken}"')
    for name, what in STEPS.items():
        delay_ms = getattr(report, name)
        print(f"{'     -' if math.isnan(delay_ms) else f'{delay_ms:6.0f}'} ms  {what}")


def main(arguments: list[str]) -> int:
    """0: a turn was seen; 2: called wrongly; 130: Ctrl-C."""
    if len(arguments) > 1:
        print("usage: watch_turn.py [NAMESPACE]", file=sys.stderr)
        return 2
    namespace = arguments[0] if arguments else "avatar"
    rclpy.init()
    try:
        watcher = Watcher(namespace)
        print(f"waiting for a turn of the kiosk in /{namespace}", flush=True)
        while watcher.report is None:
            rclpy.spin_once(watcher, timeout_sec=0.1)
    except InvalidNamespaceException as error:
        print(error, file=sys.stderr)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    show(watcher.report)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
