"""Times moved from then to now, what a recording holds, and frames of two runs compared."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from avatar_ros.core.enums import Layer
from avatar_ros.recording.base import BagMessage, Instant, RecordingError, instant_of, metadata_of
from avatar_ros.recording.frames import ShownFrame, compare
from avatar_ros.recording.time_shift import TimeShift, chosen_namespace, survey, topic_in

WALL_NS, STEADY_NS = 1_700_000_000_000_000_000, 7_000_000_000


def message(topic: str, at_ns: int, **fields: object) -> tuple[BagMessage, object]:
    return BagMessage(topic, "x/msg/X", topic.encode(), WALL_NS + at_ns, ""), SimpleNamespace(**fields)


def surveyed(*pairs: tuple[BagMessage, object], begun: Instant | None = None, of: str = ""):
    decoded = {id(bag): value for bag, value in pairs}
    return survey([bag for bag, _ in pairs], lambda bag: decoded[id(bag)], lambda: begun, of)


def test_a_recording_of_ours_says_its_clock():
    now = Instant(WALL_NS, STEADY_NS)
    assert instant_of(metadata_of("/avatar", now)) == now
    assert instant_of({}) is None and instant_of({"wall_ns": "x", "steady_ns": "1"}) is None
    found = surveyed(message("/avatar/state", 500), message("/avatar/say", 10**9), begun=now)
    assert (found.namespace, found.counts, found.duration_s) == ("/avatar", {"state": 1, "say": 1}, 0.9999995)
    assert found.steady_ns == STEADY_NS + 500


def test_the_clock_of_another_is_found_where_nothing_waited():
    faces = [
        message("/a/motion/expression", at, steady_ns=STEADY_NS + at - late, layer=Layer.IDLE)
        for at, late in ((0, 900), (100, 300), (200, 5000))
    ]
    speech = message("/a/motion/expression", 300, steady_ns=STEADY_NS + 10**9, layer=Layer.SPEECH)
    ahead = message("/a/speech/playback", 400, steady_ns=STEADY_NS + 10**9)
    found = surveyed(*faces, speech, ahead)
    assert found.steady_ns == STEADY_NS - 300, "within the least delay"
    with pytest.raises(RecordingError, match="nothing of its clock"):
        surveyed(ahead)


def test_whose_conversation_it_is():
    topics = ["/one/state", "/one/speech/audio", "/two/avatar/state", "/image_raw", "/rosout"]
    with pytest.raises(RecordingError, match=r"several avatars \(/one, /two/avatar\); choose one with --of"):
        chosen_namespace(topics)
    assert chosen_namespace(topics, "two/avatar") == "/two/avatar"
    with pytest.raises(RecordingError, match="no avatar /three; it holds /one"):
        chosen_namespace(topics, "/three")
    with pytest.raises(RecordingError, match="no topic of a conversation"):
        chosen_namespace(["/rosout", "/tf"])
    assert chosen_namespace(["/state"]) == ""
    assert topic_in("", "/state") == "state" and topic_in("/one", "/two/state") == ""


def test_times_are_moved_and_none_stays_none():
    shift = TimeShift(Instant(WALL_NS, STEADY_NS), Instant(WALL_NS + 10**14, 40))
    assert shift.due_ns(WALL_NS + 25) == 65
    assert shift.steady(STEADY_NS + 25) == 65 and shift.steady(0) == 0
    assert shift.wall(WALL_NS + 3) == WALL_NS + 10**14 + 3 and shift.wall(0) == 0


# --- frames ---------------------------------------------------------------------------------------------------------

RATE_HZ = 24000


def frames(phase_s: float = 0.0, *, turn: int = 1, late_s: float = 0.0, count: int = 90) -> list[ShownFrame]:
    """A turn at 30 frames a second, its sound begun at 100 s; late_s: how much later it is now."""
    found = []
    for number in range(count):
        at_s = 100.0 + phase_s + number / 30
        sample = round((at_s - 100.0 - late_s) * RATE_HZ)
        mouth = abs((sample / 4800) % 2 - 1)
        found.append(ShownFrame(at_s, 9, turn, sample, 0 <= sample < 2 * RATE_HZ, mouth))
    return found


def test_the_same_run_drawn_at_other_instants_is_the_same():
    found = compare(frames(), [f._replace(at_s=f.at_s + 5000.0) for f in frames(0.013)], 5000.0, RATE_HZ)
    assert found.counted >= 55 and found.same_share == 1.0 and found.mouth_share == 1.0 and not found.missing


def test_what_is_later_is_another_sample_and_the_same_mouth():
    found = compare(frames(), frames(late_s=0.010), 0.0, RATE_HZ)
    assert found.counted and found.same == 0
    assert found.compared_mouths >= 50 and found.mouth_share == 1.0


def test_another_turn_and_a_silent_face_are_not_the_same():
    assert compare(frames(), frames(turn=2), 0.0, RATE_HZ).same == 0
    still = [frame._replace(speaking=False) for frame in frames()]
    assert compare(frames(), still, 0.0, RATE_HZ).same == 0


def test_frames_that_are_missing_count_against_it():
    half = frames()[:30]
    found = compare(frames(), half, 0.0, RATE_HZ)
    assert found.missing >= 25 and found.same == found.counted and found.same_share < 0.6
    assert compare(frames(), [], 0.0, RATE_HZ).same_share == 0.0


def test_a_wrong_mouth_is_seen():
    wrong = [frame._replace(mouth_open=0.5 + frame.mouth_open / 2) for frame in frames()]
    assert compare(frames(), wrong, 0.0, RATE_HZ).mouth_share < 0.3


def test_a_clock_that_is_set_during_a_recording_moves_none_of_its_messages(monkeypatch):
    """Replay waits from one to the next: an hour forward was an hour of silence, back a rush of all that followed."""
    from avatar_ros.commands import record

    began, written = Instant(time.time_ns(), time.monotonic_ns()), []
    monkeypatch.setattr(record.time, "time_ns", lambda: began.wall_ns + 3600 * 10**9)
    record._write(SimpleNamespace(add=written.append), "/avatar", began, "say", b"")
    assert 0 <= written[0].log_ns - began.wall_ns < 60 * 10**9
