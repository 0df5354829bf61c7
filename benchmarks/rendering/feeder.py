"""Another process's view of a renderer node: sends it what a conversation would, and counts what it draws."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from types import TracebackType

import numpy as np
import rclpy
from sensor_msgs.msg import CameraInfo

from avatar_ros.core.arkit import ARKIT_COUNT
from avatar_ros.core.enums import AgentState, Layer, PlaybackState
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import AvatarState
from avatar_ros.core.topics import Message
from avatar_ros.core.types import Expression, PlaybackClock
from avatar_ros.ros.convert import msg_type, to_msg
from avatar_ros.ros.executor import LeanExecutor
from avatar_ros.ros.qos import for_images, for_topic
from avatar_ros.ros.start import start_ros

RATE_HZ = 24000
EXPRESSION_HZ = 30
AHEAD_S = 0.5  # lips run ahead of playback
CLOCK_PERIOD_S = 0.04
TURN_S = 12.0
STATES = ((0.0, AgentState.LISTENING), (3.0, AgentState.THINKING), (4.0, AgentState.SPEAKING), (10.0, AgentState.IDLE))
SPEECH_S = (4.0, 10.0)  # of each turn
STEP_S = 0.005


class Feeder:
    """Publishes into a namespace; subscribes to camera_info, which makes the renderer draw every frame."""

    def __init__(self, namespace: str) -> None:
        self._context = rclpy.Context()
        start_ros(context=self._context)
        self._node = rclpy.create_node("render_feed", namespace=namespace, context=self._context)
        self._executor = LeanExecutor(context=self._context)
        self._executor.add_node(self._node)
        kinds = {"motion/expression": Expression, "speech/playback": PlaybackClock, "state": AvatarState}
        self._publishers = {
            topic: self._node.create_publisher(msg_type(kind), topic, for_topic(topic)) for topic, kind in kinds.items()
        }
        self._node.create_subscription(CameraInfo, "camera_info", self._drawn, for_images())
        self._rng = np.random.default_rng(0)
        self._idle_sent = self._clocks_sent = 0
        self._turn, self._state, self._speech_sent = -1, -1, 0
        self.frames = 0

    def wait_for_frames(self, limit_s: float, process: subprocess.Popen[bytes]) -> None:
        """Return when the renderer draws. Raises ConfigError where it does not, or ends."""
        end_s = time.monotonic() + limit_s
        while not self.frames:
            if process.poll() is not None or time.monotonic() > end_s:
                raise ConfigError("soak_no_renderer", "the renderer node did not start to draw; its message is above")
            self._executor.spin_once(0.1)

    def feed(self, passed_s: float) -> None:
        """Send what is due `passed_s` seconds after the start, and take what arrived."""
        turn, at_s = int(passed_s // TURN_S), passed_s % TURN_S
        if turn != self._turn:
            self._turn, self._state, self._speech_sent, self._clocks_sent = turn, -1, 0, 0
        self._change_state(at_s)
        while self._idle_sent < passed_s * EXPRESSION_HZ:
            self._idle_sent += 1
            self._send("motion/expression", Expression(layer=Layer.IDLE, weights=self._weights(0.2)))
        self._speak(at_s - SPEECH_S[0], SPEECH_S[1] - SPEECH_S[0])
        self._executor.spin_once(STEP_S)

    def _change_state(self, at_s: float) -> None:
        state = max(i for i, (begins_s, _) in enumerate(STATES) if at_s >= begins_s)
        if state != self._state:
            self._state = state
            self._send("state", AvatarState(turn=self._turn, state=STATES[state][1]))

    def _speak(self, at_s: float, length_s: float) -> None:
        """Speech frames up to AHEAD_S ahead of the clock, and the clock; what ENDS it comes once, too."""
        while self._speech_sent < min(at_s + AHEAD_S, length_s) * EXPRESSION_HZ:
            sample = self._speech_sent * RATE_HZ // EXPRESSION_HZ
            self._speech_sent += 1
            self._send("motion/expression", Expression(turn=self._turn, sample=sample, weights=self._weights(0.8)))
        if 0 <= at_s <= length_s + CLOCK_PERIOD_S and at_s >= self._clocks_sent * CLOCK_PERIOD_S:
            self._clocks_sent = int(at_s / CLOCK_PERIOD_S) + 1
            state = PlaybackState.PLAYING if at_s < length_s else PlaybackState.ENDED
            self._send("speech/playback", PlaybackClock(turn=self._turn, sample=int(at_s * RATE_HZ), state=state))

    def _send(self, topic: str, message: Message) -> None:
        if isinstance(message, Expression | PlaybackClock):
            message = replace(message, steady_ns=time.monotonic_ns())
        self._publishers[topic].publish(to_msg(message, time.time_ns()))

    def _weights(self, strength: float) -> np.ndarray:
        weights = self._rng.random(ARKIT_COUNT) * (self._rng.random(ARKIT_COUNT) < 0.3)
        return (strength * weights).astype(np.float32)

    def _drawn(self, _: CameraInfo) -> None:
        self.frames += 1

    def __enter__(self) -> Feeder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()
