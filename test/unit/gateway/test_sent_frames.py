"""What a page may be sent again; how much anybody may send."""

from avatar_ros.gateway.rate_limit import AddressLimit, TokenBucket
from avatar_ros.gateway.sent_frames import SentFrames


def test_frames_after_a_number_come_again_in_order():
    sent = SentFrames()
    made = [sent.add(lambda seq: f"frame {seq}") for _ in range(5)]
    assert made == [f"frame {seq}" for seq in range(1, 6)]
    assert sent.after(3) == ["frame 4", "frame 5"] and sent.after(5) == [] and sent.after(0) == made


def test_what_is_not_kept_is_not_made_up():
    sent = SentFrames(most_frames=3, most_bytes=1000)
    for _ in range(5):
        sent.add(lambda seq: b"x")
    assert sent.after(1) is None and sent.after(2) == [b"x"] * 3 and sent.after(6) is None


def test_bytes_are_bounded_too():
    sent = SentFrames(most_frames=100, most_bytes=250)
    for _ in range(5):
        sent.add(lambda seq: b"x" * 100)
    assert sent.after(3) == [b"x" * 100] * 2 and sent.after(2) is None


def test_what_a_page_has_surely_seen_is_not_kept_for_it():
    sent = SentFrames()
    for second in range(200):
        sent.add(lambda seq: b"x")
        sent.age(float(second), there=True)
    held = sent.after(136)
    assert held is not None and len(held) == 64, "a minute, and what lies between two looks"
    assert sent.after(135) is None


def test_while_it_is_away_and_a_minute_after_it_came_back_all_is_kept():
    sent = SentFrames()
    sent.add(lambda seq: b"before")
    sent.age(0.0, there=True)
    for second in range(1, 300):
        sent.add(lambda seq: b"x")
        sent.age(float(second), there=False)
    sent.age(300.0, there=True)
    sent.age(359.0, there=True)
    assert sent.after(0) is not None
    sent.age(361.0, there=True)
    assert sent.after(0) is None and sent.after(300) == []


def test_a_bucket_holds_a_burst_and_fills_again():
    bucket = TokenBucket(rate=10.0, burst=5.0)
    assert [bucket.take(1.0, 100.0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(1.0, 100.15) and not bucket.take(1.0, 100.15)
    assert bucket.wait_s(1.0) > 0


def test_addresses_are_limited_each_by_itself():
    limit = AddressLimit(rate=0.1, burst=2.0)
    assert [limit.take("a", 0.0) > 0 for _ in range(3)] == [False, False, True]
    assert limit.take("b", 0.0) == 0.0 and limit.take("a", 10.0) == 0.0
