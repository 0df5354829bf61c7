"""audio_encoder_node: encodes speech into features for the lips."""

from ..core.process_end import leave
from ..encoder.base import ENCODER_BACKENDS, PORT, EncoderSettings
from ..encoder.stage import build
from ..ros.main import run
from ..ros.node_spec import NodeSpec

SPEC = NodeSpec(
    "audio_encoder_node",
    PORT,
    {"": EncoderSettings},
    lambda settings, node: build(settings[""], settings["own"]),
    {"": ENCODER_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
