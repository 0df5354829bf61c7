"""Where shipped files are found."""

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file


def test_an_absolute_path_is_taken_as_it_is(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("")
    assert share_file(str(path)) == path


def test_an_installed_share_folder_is_found(tmp_path, monkeypatch):
    share = tmp_path / "share" / "avatar_ros" / "config"
    share.mkdir(parents=True)
    (share / "only_here.yaml").write_text("")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{tmp_path}")
    assert share_file("config/only_here.yaml") == share / "only_here.yaml"


def test_a_missing_file_is_named_with_the_places():
    with pytest.raises(ConfigError, match=r"config/none\.yaml does not exist; looked for"):
        share_file("config/none.yaml")
