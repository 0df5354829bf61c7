"""Stages on a virtual clock; the benches use it too, so it lies with them."""

from avatar_ros.testing.harness import Harness, Record

__all__ = ["Harness", "Record"]
