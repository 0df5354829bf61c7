"""A panel that is off is not drawn for."""

import pytest

from avatar_ros.display.panel_power import ASK_EVERY_S, PanelPower


@pytest.fixture
def connectors(tmp_path):
    """Makes connectors as the kernel shows them."""

    def make(**panels):
        for name, (status, dpms) in panels.items():
            folder = tmp_path / name.replace("_", "-")
            folder.mkdir(exist_ok=True)
            (folder / "status").write_text(status + "\n")
            (folder / "dpms").write_text(dpms + "\n")
        return tmp_path

    (tmp_path / "card0").mkdir()
    (tmp_path / "version").write_text("drm 1.1.0 20060810")
    return make


@pytest.mark.parametrize(
    ("panels", "off"),
    [
        ({}, False),
        ({"card0_HDMI-A-1": ("connected", "On")}, False),
        ({"card0_HDMI-A-1": ("connected", "Off")}, True),
        ({"card0_HDMI-A-1": ("connected", "Off"), "card0_DP-1": ("disconnected", "Off")}, True),
        ({"card0_HDMI-A-1": ("connected", "Off"), "card1_DP-1": ("connected", "On")}, False),
        ({"card0_HDMI-A-1": ("disconnected", "Off")}, False),
        ({"card0_HDMI-A-1": ("connected", "")}, False),
    ],
)
def test_off_where_every_connected_panel_is(connectors, panels, off):
    assert PanelPower(connectors(**panels)).is_off(0.0) is off


def test_it_is_asked_once_a_second_and_comes_back(connectors):
    folder = connectors(**{"card0_HDMI-A-1": ("connected", "Off")})
    power = PanelPower(folder)
    assert power.is_off(10.0)
    connectors(**{"card0_HDMI-A-1": ("connected", "On")})
    assert power.is_off(10.0 + ASK_EVERY_S / 2)
    assert not power.is_off(10.0 + ASK_EVERY_S)


def test_a_machine_without_such_a_folder_has_no_panel_that_is_off(tmp_path):
    assert not PanelPower(tmp_path / "none").is_off(0.0)
