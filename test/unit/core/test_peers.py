"""Who died, who was only slow, who came back: from signs of life and from silence, on a virtual clock."""

from avatar_ros.core.peers import BEAT_S, SILENT_S, PeerChange, PeerNews, PeerWatch

LOST, BACK, RESTARTED = PeerChange.LOST, PeerChange.BACK, PeerChange.RESTARTED


def watch(*names: str) -> PeerWatch:
    return PeerWatch(names or ("tts_node", "speaker_node"))


def pass_time(peers: PeerWatch, from_s: float, to_s: float) -> list[tuple[float, PeerNews]]:
    """Look every 0.1 s; what was found, and when."""
    times = [from_s + 0.1 * i for i in range(round((to_s - from_s) * 10) + 1)]
    return [(at_s, news) for at_s in times for news in peers.look(at_s)]


def test_a_death_is_noticed_within_a_second_and_told_once() -> None:
    peers = watch()
    peers.heard("tts_node", 1, 0.0)
    [(at_s, news)] = pass_time(peers, 0.0, 30.0)
    assert news == PeerNews("tts_node", LOST) and SILENT_S < at_s <= 1.0
    assert peers.missing == ("tts_node",)


def test_one_that_was_only_silent_comes_back_as_itself() -> None:
    peers = watch()
    peers.heard("tts_node", 1, 0.0)
    pass_time(peers, 0.0, 5.0)
    assert peers.heard("tts_node", 1, 5.0) == PeerNews("tts_node", BACK)
    assert peers.missing == ()


def test_another_life_is_a_death_however_quick() -> None:
    peers = watch()
    peers.heard("tts_node", 1, 0.0)
    assert peers.heard("tts_node", 2, 0.2) == PeerNews("tts_node", RESTARTED)
    assert peers.heard("tts_node", 1, 0.3) is None, "a late word of the dead one"
    assert peers.heard("tts_node", 2, 0.4) is None


def test_a_smaller_life_counts_where_the_former_one_was_lost() -> None:
    peers = watch()
    peers.heard("tts_node", 9, 0.0)
    pass_time(peers, 0.0, 2.0)
    assert peers.heard("tts_node", 2, 2.0) == PeerNews("tts_node", RESTARTED)


def test_who_never_spoke_and_who_is_not_watched_are_not_missed() -> None:
    peers = watch()
    assert peers.heard("somebody", 1, 0.0) is None
    assert not pass_time(peers, 0.0, 60.0)


def test_a_beat_that_is_late_is_no_death() -> None:
    peers = watch()
    for i in range(20):
        assert peers.heard("tts_node", 1, i * 2 * BEAT_S) is None
        assert not pass_time(peers, i * 2 * BEAT_S, (i + 1) * 2 * BEAT_S - 0.1)


def test_who_was_stopped_itself_takes_nobody_for_dead() -> None:
    peers = watch()
    peers.heard("tts_node", 1, 0.0)
    pass_time(peers, 0.0, 0.5)
    assert peers.look(5.5) == []
    assert not pass_time(peers, 5.6, 6.2)
    assert pass_time(peers, 6.3, 7.0), "but if it stays silent, it is"
