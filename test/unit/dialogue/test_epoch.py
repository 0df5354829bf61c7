"""The restart counter grows whatever happens to the clock and to its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar_ros.core.enums import AgentState, InterruptAction, SessionKind
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.epoch import default_path, next_epoch, read_epoch, write_epoch
from avatar_ros.dialogue.stage import build


def test_grows_with_the_clock_and_without_it() -> None:
    assert next_epoch(None, 1000.7) == 1000
    assert next_epoch(1000, 2000.0) == 2000
    assert next_epoch(2000, 1000.0) == 2001
    assert next_epoch(2000, 2000.0) == 2001
    assert next_epoch(None, -5.0) == 1


def test_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "epoch"
    assert read_epoch(path) is None
    assert write_epoch(path, 17) == ""
    assert read_epoch(path) == 17
    assert [p.name for p in path.parent.iterdir()] == ["epoch"]


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff\xfe", b"-3", b"9" * 30, b"1.5", "٣".encode()])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "epoch"
    path.write_bytes(content)
    assert read_epoch(path) is None


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot store the epoch" in write_epoch(tmp_path / "file" / "epoch", 3)


def test_lies_in_the_state_directory() -> None:
    assert default_path({"XDG_STATE_HOME": "/s"}) == Path("/s/avatar_ros/epoch")
    assert default_path({"HOME": "/h", "XDG_STATE_HOME": "relative"}) == Path("/h/.local/state/avatar_ros/epoch")


def test_a_restarted_dialogue_voids_what_the_dead_one_left(tmp_path: Path) -> None:
    settings = DialogueSettings(epoch_file=str(tmp_path / "epoch"))
    epochs = []
    for _ in range(3):
        stage = build(settings)
        stage.load()
        session, state, cancel = [out.message for out in stage.tick(5.0)]
        assert (session.kind, session.session) == (SessionKind.OPENED, "local")
        assert (cancel.action, cancel.epoch) == (InterruptAction.CANCEL, state.epoch - 1)
        assert state.state is AgentState.IDLE
        epochs.append(state.epoch)
    assert epochs[0] < epochs[1] < epochs[2]


def test_a_warning_stands_in_the_status(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    stage = build(DialogueSettings(epoch_file=str(tmp_path / "file" / "epoch")))
    stage.load()
    assert "cannot store" in stage.status()["warning"]
