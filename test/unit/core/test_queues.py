"""Queues are bounded, and one lane's flood neither starves nor displaces the others."""

import threading

import pytest

from avatar_ros.core.queues import FAIR_SHARE, FairQueue


def taken(queue, count):
    return [queue.get(0.0) for _ in range(count)]


def test_few_items_come_out_as_they_went_in_whatever_their_lanes():
    queue = FairQueue(100)
    for i in range(FAIR_SHARE):
        queue.put(i, lane=i % 3, own=i % 2 == 0)
    assert taken(queue, FAIR_SHARE + 1) == [*range(FAIR_SHARE), None]


def test_a_flood_does_not_starve_the_other_lanes():
    queue = FairQueue(5000)
    for i in range(4000):
        queue.put(("flood", i), "flood")
    queue.put("say", "say")
    assert "say" in taken(queue, 2)


def test_the_kiosks_own_session_goes_before_a_crowd_of_others():
    queue = FairQueue(5000)
    for i in range(2000):
        queue.put(("other", i), f"session {i % 100}", own=False)
    queue.put("own", "own", own=True)
    assert "own" in taken(queue, 2)


def test_a_full_queue_drops_from_the_longest_lane_and_counts():
    queue = FairQueue(10)
    queue.put("say", "say")
    for i in range(1000):
        queue.put(i, "flood")
    assert queue.dropped == 991
    assert sorted(map(str, taken(queue, 10))) == sorted(map(str, ["say", *range(991, 1000)]))


def test_a_lane_may_be_shorter_than_the_queue():
    queue = FairQueue(100)
    for i in range(10):
        queue.put(i, "news", most=3)
    assert taken(queue, 4) == [7, 8, 9, None] and queue.dropped == 7


def test_orders_go_first_and_are_bounded_too():
    queue = FairQueue(50)
    queue.put("news")
    for i in range(1000):
        queue.put_urgent(i)
    assert len(queue) == 51 and queue.get(0.0) == 950


def test_a_closed_queue_gives_what_is_left():
    queue = FairQueue(3)
    queue.put("last")
    queue.close()
    assert taken(queue, 2) == ["last", None]


def test_a_queue_of_nothing_is_refused():
    with pytest.raises(ValueError, match="holds nothing"):
        FairQueue(0)


def test_nothing_is_lost_or_turned_round_between_two_threads_however_short_the_wait():
    queue, count = FairQueue(100_000), 2_000
    read = []

    def reader():
        while len(read) < count:
            item = queue.get(1e-6 if len(read) % 2 else None)
            if item is not None:
                read.append(item)

    thread = threading.Thread(target=reader, daemon=True)
    thread.start()
    for i in range(count):
        queue.put(i)
    thread.join(60.0)
    assert read == [*range(count)]


def test_who_waits_is_woken_by_an_item_by_an_order_and_by_the_end():
    queue, read = FairQueue(5), []
    for give in (lambda: queue.put("item"), lambda: queue.put_urgent("order"), queue.close):
        thread = threading.Thread(target=lambda: read.append(queue.get()), daemon=True)
        thread.start()
        give()
        thread.join(60.0)
        assert not thread.is_alive()
    assert read == ["item", "order", None]
