"""speaker_node: plays speech and owns the time."""

from ..core.process_end import leave
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..speaker.base import SPEAKER_BACKENDS, SPEAKER_PORT, SpeakerSettings
from ..speaker.stage import build_speaker

SPEC = NodeSpec(
    "speaker_node",
    SPEAKER_PORT,
    {"": SpeakerSettings},
    lambda settings, node: build_speaker(settings[""], settings["own"]),
    {"": SPEAKER_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
