"""Our own network from sound to phones: speech that this machine can synthesize, training, export, model card."""

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off
