"""llm_node: answers."""

from ..core.process_end import leave
from ..dialogue.draft import FirstSentence
from ..llm.base import LLM_BACKENDS, PORT, LlmSettings
from ..llm.stage import build
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..ros.tool_clients import ToolClients

SPEC = NodeSpec(
    "llm_node",
    PORT,
    {"": LlmSettings},
    lambda settings, node: build(settings[""], settings["own"], ToolClients(node), FirstSentence),
    {"": LLM_BACKENDS},
)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
