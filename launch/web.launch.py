"""`ros2 launch avatar_ros web.launch.py`: talk with it in a browser; `./avatar web` for a ROS installation.

It is kiosk.launch.py with web:=only: the graph without microphone, loudspeaker and window; each browser is a session
with these of its own. All arguments are those of kiosk.launch.py (--show-args). It prints the addresses, with lan:=true
also their token as a QR code, and where the operator's password is.
"""

from __future__ import annotations

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchDescription

_KIOSK = Path(__file__).with_name("kiosk.launch.py")


def generate_launch_description() -> LaunchDescription:
    """The graph of a kiosk for browsers alone."""
    described = "only: browsers alone; true: this computer's microphone, loudspeaker and screen besides"
    web = DeclareLaunchArgument("web", default_value="only", choices=["only", "true"], description=described)
    source = PythonLaunchDescriptionSource(str(_KIOSK))
    kiosk = IncludeLaunchDescription(source, launch_arguments=[("web", LaunchConfiguration("web"))])
    return LaunchDescription([web, kiosk])
