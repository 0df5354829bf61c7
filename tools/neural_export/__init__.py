"""Exports speech networks to what avatar_ros runs: ONNX in two halves, INT8 and FP16 beside FP32, and a parity report.

Needs torch, transformers and onnx, which nothing that a kiosk runs does.
"""

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off
