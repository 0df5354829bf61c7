"""Whom a page offers: each once, and the user's own before one of ours that is called the same."""

import shutil

from avatar_ros.avatar.load import avatar_file
from avatar_ros.gateway.avatar_files import AvatarFiles


def offered(*files: str) -> list[object]:
    found = AvatarFiles(files)
    found.load()
    return [one["id"] for one in found.listed()]


def test_one_that_is_named_in_several_ways_is_offered_once():
    assert offered("builtin", "ada", str(avatar_file("bolt")), "bolt") == ["ada", "bolt"]


def test_ones_own_takes_the_place_of_ours_of_that_name(tmp_path):
    own = tmp_path / "ada.zip"
    shutil.copy(avatar_file("bolt"), own)
    found = AvatarFiles((str(own), "ada", "bolt"))
    found.load()
    assert [one["id"] for one in found.listed()] == ["ada", "bolt"] and found.file("ada") == str(own)
