"""Who of a conversation never came is told by name."""

from avatar_ros.monitor.base import MonitorSettings
from avatar_ros.monitor.stage import UNSEEN_S, MonitorStage


def test_who_is_not_seen_for_long_is_named_until_it_comes():
    stage = MonitorStage(MonitorSettings())
    assert stage.awaits_conversation
    stage.missing = frozenset({"llm_node", "asr_node"})
    list(stage.tick(100.0))
    list(stage.tick(99.9 + UNSEEN_S))
    assert "warning" not in stage.status()
    list(stage.tick(100.0 + UNSEEN_S))
    assert stage.status()["warning"].startswith("not seen within 30 s: asr_node, llm_node (")
    stage.missing = frozenset()
    list(stage.tick(101.0 + UNSEEN_S))
    assert "warning" not in stage.status()
