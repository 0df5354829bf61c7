"""tts_node: speaks sentences into sound."""

from ..core.process_end import leave
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..tts.base import PORT, TTS_BACKENDS, TtsSettings
from ..tts.stage import build

SPEC = NodeSpec(
    "tts_node", PORT, {"": TtsSettings}, lambda settings, node: build(settings[""], settings["own"]), {"": TTS_BACKENDS}
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
