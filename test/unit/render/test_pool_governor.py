"""How many threads draw: fewer where waiting for them costs more than they save, more again later."""

import pytest

_raster = pytest.importorskip("avatar_ros._raster", reason="needs the build: ./avatar setup")

#: What a scheduler's time slice costs whoever waits for a thread that was pushed off its core, ms.
SLICE_MS = 3.5


def frames(governor, count, blend_ms, stalled_ms):
    """A frame has three small jobs, and one that takes the most of it."""
    for _ in range(count):
        for worked_ms in (0.3, 0.4, 0.6, blend_ms):
            alone = governor.active == 1
            governor.note(0.0 if alone else worked_ms, 0.0 if alone or worked_ms != blend_ms else stalled_ms)


def test_a_large_picture_keeps_its_threads_beside_a_busy_neighbour():
    governor = _raster.Governor(2)
    frames(governor, 500, blend_ms=12.0, stalled_ms=SLICE_MS)
    assert governor.active == 2


def test_a_stall_in_a_small_job_costs_no_thread():
    governor = _raster.Governor(2)
    for _ in range(500):
        governor.note(0.3, SLICE_MS)
        governor.note(12.0, 0.2)
        assert governor.active == 2


def test_a_small_picture_beside_a_busy_neighbour_is_drawn_alone_and_tried_again():
    governor, together = _raster.Governor(2), 0
    for _ in range(400):
        frames(governor, 1, blend_ms=1.0, stalled_ms=SLICE_MS)
        together += governor.active == 2
    assert 1 <= together < 60


def test_when_the_neighbour_has_gone_all_threads_draw_again():
    governor = _raster.Governor(4)
    frames(governor, 400, blend_ms=1.0, stalled_ms=4 * SLICE_MS)
    assert governor.active < 4
    frames(governor, 3 * 1024, blend_ms=1.0, stalled_ms=0.0)
    assert governor.active == 4
