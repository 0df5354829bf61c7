"""Stages on a virtual clock; the benches use it too, so it lies with them."""

from avatar_ros.bench.harness import Harness, Record

__all__ = ["Harness", "Record"]
