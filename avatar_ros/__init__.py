"""A talking face for robots and kiosks, as one ROS 2 package."""

# rosidl installs its generated `avatar_ros/msg` beside these modules; extend_path joins both trees into one
# package, so the sources run from a checkout with only the messages built.
import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)

from . import core  # noqa: F401 — before any library: it switches their telemetry off
