"""`ros2 launch avatar_ros robot.launch.py host:=robot`: the avatar as a part of a robot, on one computer or on two.

host:=robot runs what has devices (microphone, loudspeaker, face) and the conversation, host:=offboard what needs a
bigger computer (recogniser, language model, voice, lips' encoder), host:=all everything. It is kiosk.launch.py with
what suits a robot: no window unless `display` is set (the face is on image_raw while somebody looks), and its end is
not the end of the robot's launch unless `required` says so. The two halves find each other where `network` opens both.
"""

from __future__ import annotations

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchDescription

_KIOSK = Path(__file__).with_name("kiosk.launch.py")
#: Argument -> its default here; all other arguments are those of kiosk.launch.py.
DEFAULTS = {"host": "all", "display": "off", "required": "false", "namespace": "avatar", "autostart": "true"}


def generate_launch_description() -> LaunchDescription:
    """The half of the kiosk that `host` names."""
    described = {
        "host": "all, robot or offboard",
        "display": "where to show the face: off (image_raw alone), window or auto",
        "required": "true: its end is the end of the launch",
        "namespace": "of all topics and nodes, the same for both halves",
        "autostart": "true: the nodes bring themselves up; false: a lifecycle manager does",
    }
    arguments = [
        DeclareLaunchArgument(name, default_value=value, description=described[name])
        for name, value in DEFAULTS.items()
    ]
    given = {name: LaunchConfiguration(name) for name in DEFAULTS}
    kiosk = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(_KIOSK)), launch_arguments=given.items())
    return LaunchDescription([*arguments, kiosk])
