"""Two robots of one namespace in one network, and what only looks like it."""

from avatar_ros.core.peers import BEAT_S, SILENT_S
from avatar_ros.core.twins import Twins, told


def live(twins, until_s, *lives, from_s=0.0, node="speaker_node"):
    """Signs of life of each (life, phase s)."""
    beats = round((until_s - from_s) / BEAT_S)
    signs = sorted((from_s + BEAT_S * i + phase_s, life) for i in range(beats) for life, phase_s in lives)
    found = set()
    for now_s, life in signs:
        twins.heard(node, life, now_s)
        found.update(twins.names(now_s))
    return found


def test_two_that_live_beside_each_other_are_told_until_one_leaves():
    twins = Twins()
    assert live(twins, 5.0, (900, 0.0), (7, 0.1)) == {"speaker_node"}
    assert "another ROS_DOMAIN_ID" in told(twins.names(5.0))
    live(twins, 7.0, (7, 0.0), from_s=5.0)
    assert not twins.names(7.0) and not told(twins.names(7.0))


def test_one_that_is_started_again_is_no_other_however_late_its_last_words_come():
    twins = Twins()
    assert not live(twins, 5.0, (1, 0.0))
    twins.heard("speaker_node", 1, 5.3)
    assert not live(twins, 5.3 + SILENT_S, (2, 0.0), from_s=5.1)
    assert not live(twins, 20.0, (2, 0.0), from_s=6.2)


def test_nodes_of_other_names_and_many_lives_are_no_twins():
    twins = Twins()
    assert not live(twins, 5.0, (1, 0.0)) and not live(twins, 5.0, (2, 0.0), node="tts_node")
    for life in range(100):  # it crashes again and again
        twins.heard("asr_node", life, 5.0 + 0.1 * life)
        assert not twins.names(5.0 + 0.1 * life)
