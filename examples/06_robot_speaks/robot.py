"""A robot's own program speaks through the face: it greets, looks at the door, and interrupts its own story."""

from collections.abc import Callable

import rclpy
from avatar_ros.msg import PlaybackClock, Say, SayResult
from geometry_msgs.msg import Point, PointStamped
from rclpy.node import Node


class Robot(Node):
    """Wishes go out on `say`, to QUEUE or to INTERRUPT; each gets exactly one `say_result` with its id."""

    def __init__(self) -> None:
        super().__init__("robot", namespace="avatar")
        self._say = self.create_publisher(Say, "say", 10)
        self._gaze = self.create_publisher(PointStamped, "gaze_target", 10)
        self.results: dict[str, SayResult] = {}
        self.heard_sentence = -1
        self.create_subscription(SayResult, "say_result", self._on_result, 10)
        self.create_subscription(PlaybackClock, "speech/playback", self._on_playback, 10)
        print("waiting for the kiosk in /avatar", flush=True)
        self.spin_until(lambda: self._say.get_subscription_count() and self._gaze.get_subscription_count())

    def _on_result(self, msg: SayResult) -> None:
        self.results[msg.id] = msg

    def _on_playback(self, msg: PlaybackClock) -> None:
        self.heard_sentence = msg.sentence if msg.state == PlaybackClock.PLAYING else -1

    def say(self, name: str, text: str, when: int = Say.QUEUE) -> None:
        self._say.publish(Say(session="local", id=name, text=text, when=when))

    def look(self, x: float, y: float, z: float) -> None:
        """Metres: x to the avatar's left, y up from the floor, z forward. It looks there for 2 s; say it again."""
        self._gaze.publish(PointStamped(point=Point(x=x, y=y, z=z)))

    def spin_until(self, condition: Callable[[], object]) -> None:
        while not condition():
            rclpy.spin_once(self, timeout_sec=0.1)

    def wait_for(self, name: str) -> None:
        """Until that sentence is over; says what became of it."""
        self.spin_until(lambda: name in self.results)
        result = self.results[name]
        print(f'{name}: {"done" if result.done else result.reason}, heard: "{result.spoken}"', flush=True)


rclpy.init()
robot = Robot()
robot.say("hello", "Welcome aboard.")
robot.wait_for("hello")
robot.look(1.5, 1.6, 1.0)
robot.say("door", "The door is over there.")
robot.wait_for("door")
robot.say("story", "I will tell you a story. Once there was a robot, who never came to an end, and went on and on.")
robot.spin_until(lambda: robot.heard_sentence == 1)  # its second one
robot.say("careful", "Careful, I am going to move.", Say.INTERRUPT)
robot.wait_for("story")
robot.wait_for("careful")
