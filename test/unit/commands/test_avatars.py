"""`./avatar avatars`: the table, the sheet, and one that cannot be read beside those that can."""

import cv2
import numpy as np

from avatar_ros import cli
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.commands.portraits import POSES, TILE_PX, in_characters, portrait
from avatar_ros.core.avatar_names import known_avatars


def test_each_is_listed_with_size_licence_and_voice(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert cli.main(["avatars"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == "NAME SPLATS SIZE LICENCE VOICE WHO".split()
    assert [line.split()[0] for line in lines] == list(known_avatars())
    for line in lines:
        assert "Apache-2.0" in line and "MB" in line


def test_one_that_cannot_be_read_is_told_and_hides_no_other(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = tmp_path / "avatar_ros" / "avatars"
    own.mkdir(parents=True)
    (own / "torn.zip").write_bytes(b"PK\3\4 and no more")
    assert cli.main(["avatars"]) == 1
    out = capsys.readouterr().out
    assert "torn" in out and "cannot be used" in out and "ben" in out


def test_the_sheet_shows_each_in_every_pose(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    out = tmp_path / "sheet.png"
    assert cli.main(["avatars", "--sheet", str(out)]) == 0
    picture = cv2.imread(str(out))
    count = len(known_avatars())
    assert picture.shape == (count * TILE_PX, len(POSES) * TILE_PX, 3)
    tiles = picture.reshape(count, TILE_PX, len(POSES), TILE_PX, 3).swapaxes(1, 2).astype(int)
    for row in tiles:
        for other in row[1:]:
            assert (np.abs(other - row[0]).max(axis=2) > 40).sum() > 50, "a pose changes the face"


def test_a_picture_in_characters_keeps_its_colours():
    picture = portrait(fake_avatar(400), 8)
    lines = in_characters(picture).splitlines()
    assert len(lines) == 4
    assert f"\033[38;2;{picture[0, 0, 0]};{picture[0, 0, 1]};{picture[0, 0, 2]}m" in lines[0]
