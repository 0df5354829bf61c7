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

FRAME_ID = "avatar_camera"
JPEG_QUALITY = 85


def image_msg(rgb: U8, stamp_ns: int) -> Image:
    """A frame [H, W, 3] as sensor_msgs/Image, rgb8."""
    height, width = rgb.shape[:2]
    msg = Image(height=height, width=width, encoding="rgb8", is_bigendian=0, step=3 * width)
    msg.header.frame_id = FRAME_ID
    msg.header.stamp = stamp_from_ns(stamp_ns)
    msg.data = array("B", rgb.tobytes())  # a list would be converted number by number
    return msg


def jpeg_msg(rgb: U8, stamp_ns: int) -> CompressedImage:
    """A frame [H, W, 3] as sensor_msgs/CompressedImage, JPEG."""
    import cv2

    done, encoded = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"OpenCV could not encode a frame of {rgb.shape}")
    msg = CompressedImage(format="rgb8; jpeg compressed bgr8")
    msg.header.frame_id = FRAME_ID
    msg.header.stamp = stamp_from_ns(stamp_ns)
    msg.data = array("B", encoded.tobytes())
    return msg


def camera_info(width: int, height: int, focal_px: float, stamp_ns: int) -> CameraInfo:
    """The pinhole camera that drew the frame: no distortion, principal point in the middle."""
    cx, cy = width / 2, height / 2
    info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    info.k = [focal_px, 0.0, cx, 0.0, focal_px, cy, 0.0, 0.0, 1.0]
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    info.p = [focal_px, 0.0, cx, 0.0, 0.0, focal_px, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    info.header.frame_id = FRAME_ID
    info.header.stamp = stamp_from_ns(stamp_ns)
    return info


class ImagePublisher(FrameSink):
    """Publishes frames. The newest wins; what a slow reader missed is counted.

    focal_px: () -> focal length of the camera that draws; stamp_ns: steady seconds -> wall clock of that instant.
    """

    def __init__(self, node: Node, focal_px: Callable[[], float], stamp_ns: Callable[[float], int]) -> None:
        self._node = node
        self._focal_px = focal_px
        self._stamp_ns = stamp_ns
        overrides = QoSOverridingOptions.with_default_policies()
        self._raw = node.create_publisher(Image, "image_raw", for_images(), qos_overriding_options=overrides)
        self._jpeg = node.create_publisher(
            CompressedImage, "image_raw/compressed", for_images(), qos_overriding_options=overrides
        )
        self._info = node.create_publisher(CameraInfo, "camera_info", for_images())
        self._frames: Latest[tuple[U8, int]] = Latest()
        self.published = 0
        self._thread = threading.Thread(target=self._run, name="images", daemon=True)
        self._thread.start()

    def wants_frames(self) -> bool:
        """Whether anybody subscribes to any of the topics."""
        return any(p.get_subscription_count() for p in (self._raw, self._jpeg, self._info))

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Hand over a frame [H, W, 4]; copied, since the renderer draws the next one into the same buffer."""
        self._frames.put((np.ascontiguousarray(rgba[:, :, :3]), self._stamp_ns(shown_at_s)))

    def status(self) -> Mapping[str, str]:
        """Counters."""
        return {"images_published": str(self.published), "images_missed": str(self._frames.missed)}

    def close(self) -> str:
        """End the thread and withdraw the topics."""
        self._frames.close()
        self._thread.join(2.0)
        for publisher in (self._raw, self._jpeg, self._info):
            self._node.destroy_publisher(publisher)
        return ""

    def _run(self) -> None:
        while (frame := self._frames.take()) is not None:
            self._publish(*frame)

    def _publish(self, rgb: U8, stamp_ns: int) -> None:
        height, width = rgb.shape[:2]
        if self._raw.get_subscription_count():
            self._raw.publish(image_msg(rgb, stamp_ns))
        if self._jpeg.get_subscription_count():
            self._jpeg.publish(jpeg_msg(rgb, stamp_ns))
        if self._info.get_subscription_count():
            self._info.publish(camera_info(width, height, self._focal_px(), stamp_ns))
        self.published += 1
