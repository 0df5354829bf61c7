"""What every stage shares: types, errors, registry, settings, clock, queues. Standard library and numpy only."""

import os

#: Every process of ours passes here before any library (avatar_ros/__init__.py imports this), and hands it on to what
#: it starts. Read by the libraries when they are loaded. What was found in which: docs/privacy.md.
NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_OFFLINE": "1",  # models are folders: nothing of ours is looked up on a hub
    "DO_NOT_TRACK": "1",
}
os.environ.update(NO_TELEMETRY)
