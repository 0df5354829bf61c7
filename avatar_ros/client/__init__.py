"""A robot's own program: `from avatar_ros.client import Avatar`. It needs to know nothing of ROS.

with Avatar() as avatar:
    avatar.wait_until_ready()
    avatar.say("Welcome aboard.")
    answer = avatar.ask("Tea or coffee?", choices=["tea", "coffee"])
"""

from ..core.types import Transcript
from .avatar import Avatar, NotReadyError
from .task import Answer, Gestured, Heard, Looked, Replied, Said, Task, Worn

__all__ = [
    "Answer",
    "Avatar",
    "Gestured",
    "Heard",
    "Looked",
    "NotReadyError",
    "Replied",
    "Said",
    "Task",
    "Transcript",
    "Worn",
]
