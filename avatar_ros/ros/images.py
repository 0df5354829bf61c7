"""Frames on image topics: encoded and published on a thread of their own, and only while there are subscribers."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Mapping

import numpy as np
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from ..core.arrays import U8
from ..core.frame_sink import FrameSink
from ..core.queues import Latest
from .convert import stamp_from_ns
from .qos import for_images
from .transforms import LOOKS_BACK, FixedFrames, fixed, frame_beside

JPEG_QUALITY = 85


def image_msg(rgb: U8, stamp_ns: int, frame_id: str) -> Image:
    """A frame [H, W, 3] as sensor_msgs/Image, rgb8."""
    height, width = rgb.shape[:2]
    msg = Image(height=height, width=width, encoding="rgb8", is_bigendian=0, step=3 * width)
    msg.header.frame_id = frame_id
    msg.header.stamp = stamp_from_ns(stamp_ns)
    msg.data = array("B", rgb.tobytes())  # a list would be converted number by number
    return msg


def jpeg_msg(rgb: U8, stamp_ns: int, frame_id: str) -> CompressedImage:
    """A frame [H, W, 3] as sensor_msgs/CompressedImage, JPEG."""
    import cv2

    done, encoded = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"OpenCV could not encode a frame of {rgb.shape}")
    msg = CompressedImage(format="rgb8; jpeg compressed bgr8")
    msg.header.frame_id = frame_id
    msg.header.stamp = stamp_from_ns(stamp_ns)
    msg.data = array("B", encoded.tobytes())
    return msg


def camera_info(width: int, height: int, focal_px: float, stamp_ns: int, frame_id: str) -> CameraInfo:
    """The pinhole camera that drew the frame: no distortion, principal point in the middle."""
    cx, cy = width / 2, height / 2
    info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    info.k = [focal_px, 0.0, cx, 0.0, focal_px, cy, 0.0, 0.0, 1.0]
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    info.p = [focal_px, 0.0, cx, 0.0, 0.0, focal_px, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    info.header.frame_id = frame_id
    info.header.stamp = stamp_from_ns(stamp_ns)
    return info


class ImagePublisher(FrameSink):
    """Publishes frames. The newest wins; what a slow reader missed is counted.

    camera: () -> focal length (px) of the camera that draws, and its distance from the face (m); stamp_ns: steady
    seconds -> ROS time of that instant; tf_frame: the avatar's, beside which the camera's frame stands.
    """

    def __init__(
        self, node: Node, camera: Callable[[], tuple[float, float]], stamp_ns: Callable[[float], int], tf_frame: str
    ) -> None:
        self._node = node
        self._camera = camera
        self._head_frame, self._frame_id = frame_beside(tf_frame, "head"), frame_beside(tf_frame, "camera")
        self._frames, self._told_m = FixedFrames(node), 0.0
        self._stamp_ns = stamp_ns
        overrides = QoSOverridingOptions.with_default_policies()
        self._raw = node.create_publisher(Image, "image_raw", for_images(), qos_overriding_options=overrides)
        self._jpeg = node.create_publisher(
            CompressedImage, "image_raw/compressed", for_images(), qos_overriding_options=overrides
        )
        self._info = node.create_publisher(CameraInfo, "camera_info", for_images())
        self._newest: Latest[tuple[U8, int]] = Latest()
        self.published = 0
        self._thread = threading.Thread(target=self._run, name="images", daemon=True)
        self._thread.start()

    def wants_frames(self) -> bool:
        """Whether anybody subscribes to any of the topics."""
        return any(p.get_subscription_count() for p in (self._raw, self._jpeg, self._info))

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Hand over a frame [H, W, 4]; copied, since the renderer draws the next one into the same buffer."""
        self._newest.put((np.ascontiguousarray(rgba[:, :, :3]), self._stamp_ns(shown_at_s)))

    def status(self) -> Mapping[str, str]:
        """Counters."""
        return {"images_published": str(self.published), "images_missed": str(self._newest.missed)}

    def close(self) -> str:
        """End the thread and withdraw the topics."""
        self._newest.close()
        self._thread.join(2.0)
        for publisher in (self._raw, self._jpeg, self._info):
            self._node.destroy_publisher(publisher)
        return ""

    def _run(self) -> None:
        while (frame := self._newest.take()) is not None:
            self._publish(*frame)

    def _tell_place(self) -> None:
        """Where the camera is, when that is another place; another avatar has another one."""
        distance_m = self._camera()[1]
        if distance_m != self._told_m:
            self._told_m = distance_m
            self._frames.publish([fixed(self._head_frame, self._frame_id, (distance_m, 0.0, 0.0), LOOKS_BACK)])

    def _publish(self, rgb: U8, stamp_ns: int) -> None:
        height, width = rgb.shape[:2]
        if self._raw.get_subscription_count():
            self._raw.publish(image_msg(rgb, stamp_ns, self._frame_id))
        if self._jpeg.get_subscription_count():
            self._jpeg.publish(jpeg_msg(rgb, stamp_ns, self._frame_id))
        if self._info.get_subscription_count():
            self._tell_place()
            self._info.publish(camera_info(width, height, self._camera()[0], stamp_ns, self._frame_id))
        self.published += 1
