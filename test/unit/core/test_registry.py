"""Backends by name, and anybody's own: what is made, what is missing, and what is said of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

import pytest

from avatar_ros.core.errors import UnknownBackendError
from avatar_ros.core.registry import Backend, Registry, how_to_install
from avatar_ros.core.settings import Settings, setting


class Shouter(Protocol):
    loud: bool

    def shout(self, text: str, times: int = 1) -> str: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class RoomSettings(Settings):
    pause_s: float = setting(0.5, "pause, s")


def registry(**backends: Backend) -> Registry[Shouter]:
    return Registry("tts", Shouter, backends)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes `my_shouts.py` where Python finds it; its text may be changed before the first import."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text, name="my_shouts"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text(text)
        return f"{name}:Shout"

    yield write
    for name in ("my_shouts", "its_part"):
        sys.modules.pop(name, None)


GOOD = """
from dataclasses import dataclass
from avatar_ros.core.settings import Settings, setting

@dataclass(frozen=True)
class ShoutSettings(Settings):
    gain: float = setting(0.5, "loudness, 0-1", low=0.0, high=1.0)

class Shout:
    Settings = ShoutSettings
    loud = True
    def __init__(self, settings, own):
        self.settings, self.own = settings, own
    def shout(self, text, times=1):
        return text.upper()
    def close(self):
        pass
"""


def test_a_class_from_outside_is_made_with_the_rooms_settings_and_its_own(module):
    name = module(GOOD)
    made = registry().make(name, RoomSettings(pause_s=0.1))
    assert (made.settings.pause_s, made.own.gain) == (0.1, 0.5)
    made = registry().make(name, RoomSettings(), own=registry().options(name, gain=0.25, pitch=3))
    assert made.own.gain == 0.25 and registry().settings_class(name) is made.Settings


def test_one_without_options_is_made_of_the_rooms_settings_alone(module):
    name = module("class Shout:\n    loud = True\n    def __init__(self, settings): self.settings = settings\n"
                  "    def shout(self, text, times): return text\n    close = print\n")  # fmt: skip
    assert registry().make(name, "settings").settings == "settings"
    assert registry().settings_class(name) is None and registry().options(name, gain=1) == {}


def refused(name, code):
    with pytest.raises(UnknownBackendError) as caught:
        registry().make(name, RoomSettings())
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def close(self)", "def end(self)", "lacks the method close()"),
        ("text, times=1", "text", "lacks a shout that can be called as shout(text, times)"),
        ("text, times=1", "text, times, more", "lacks a shout that can be called as shout(text, times)"),
        ("loud = True", "", "lacks the attribute 'loud'"),
        ("(Settings)", "", "lacks a Settings that derives from avatar_ros.core.settings.Settings"),
        ("class Shout:", "Shout = 7\nclass Shouting:", "is no class"),
    ],
)
def test_what_a_class_lacks_is_named(module, old, new, said):
    text = refused(module(GOOD.replace(old, new)), "backend_unfit")
    assert text.startswith("tts backend 'my_shouts:Shout' ") and said in text


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import json\nimport no_such_module_of_its\n", 2, "No module named 'no_such_module_of_its'"),
        ("\n\nfrom json import no_such_name\n", 3, "cannot import name 'no_such_name'"),
        ("x = 1\nclass Shout(:\n", 2, "SyntaxError"),
        ("x = 1\nx / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise RuntimeError('no\\nlicence')\nf()\n", 2, "RuntimeError: no licence"),
    ],
)
def test_a_broken_import_is_told_as_what_it_is_with_file_and_line(module, text, line, said):
    told = refused(module(text), "backend_broken")
    assert f"my_shouts.py line {line}: " in told and said in told and "install" not in told and "\n" not in told


def test_the_line_is_that_of_the_file_in_which_it_broke(module, tmp_path):
    module("import its_other_part\n", "its_part")
    told = refused(module("import its_part\n" + GOOD), "backend_broken")
    assert f"{tmp_path / 'its_part.py'} line 1: ModuleNotFoundError: No module named 'its_other_part'" in told


def test_a_class_that_the_module_lacks_and_a_module_that_is_not_there(module):
    assert "has no attribute 'Shout'" in refused(module("x = 1\n"), "backend_broken")
    told = refused("no_such_package.voice:Shout", "backend_not_installed")
    assert "No module named 'no_such_package'" in told and "PYTHONPATH" in told


@pytest.mark.parametrize("name", ["sing", "a:", ":B", "a b:C", "a/b.py:C", "a:B.C", ""])
def test_an_unknown_name_is_told_the_known_ones(name):
    both = registry(shout=Backend("x:Y"), whisper=Backend("x:Z"))
    with pytest.raises(UnknownBackendError, match=r"known: shout, whisper; one of your own: package\.module:Class"):
        both.load(name)
    assert [name for name, _ in both.items()] == list(both.names)


def test_one_in_the_working_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "shouts_here.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert registry().make("shouts_here:Shout", RoomSettings()).shout("hi") == "HI"


@pytest.mark.parametrize(
    ("install", "words"),
    [
        ("edge", "; install it with: ./avatar setup --with edge (by hand: requirements/edge.txt)"),
        ("embedded", "; install it with: ./avatar setup (by hand: requirements/embedded.txt)"),
        ("pip install shout==1.0", "; install it with: pip install shout==1.0"),
        ("", "No module named 'no_such_library'"),
    ],
)
def test_a_missing_library_is_told_with_what_installs_it(module, install, words):
    mine = module("import no_such_library\n")
    for target, libraries in (("no_such_library:Shout", ()), (mine, ("no_such_library",))):
        with pytest.raises(UnknownBackendError, match="tts backend 'shout' cannot be imported") as caught:
            registry(shout=Backend(target, install, libraries)).load("shout")
        assert caught.value.code == "backend_not_installed" and str(caught.value).endswith(words)


def test_another_module_that_is_missing_is_not_taken_for_the_library(module):
    backend = Backend(module("import its_library_tpyo\n"), "edge", ("its_library",))
    with pytest.raises(UnknownBackendError, match=r"my_shouts\.py line 1: .*'its_library_tpyo'$") as caught:
        registry(shout=backend).load("shout")
    assert caught.value.code == "backend_broken"


def test_options_are_read_without_the_library(module):
    module(GOOD, "its_part")
    backend = Backend(module("import no_such_library\n"), "edge", ("no_such_library",), "its_part:ShoutSettings")
    assert registry(shout=backend).settings_class("shout")().gain == 0.5


def test_what_is_installed_without_dependencies_comes_with_every_set_up():
    assert how_to_install("no_deps") == "./avatar setup (by hand: requirements/no_deps.txt)"
