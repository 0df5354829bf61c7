"""What a backend that cannot be imported, or is unknown, is said to need."""

import pytest

from avatar_ros.core.errors import UnknownBackendError
from avatar_ros.core.registry import Backend, Registry, how_to_install


@pytest.mark.parametrize(
    ("install", "words"),
    [
        ("edge", "; install it with: ./avatar setup --with edge (by hand: requirements/edge.txt)"),
        ("embedded", "; install it with: ./avatar setup (by hand: requirements/embedded.txt)"),
        ("pip install shout==1.0", "; install it with: pip install shout==1.0"),
        ("", "No module named 'no_such_library'"),
    ],
)
def test_a_missing_library_is_told_with_what_installs_it(install, words):
    registry = Registry("tts", {"shout": Backend("no_such_library:Shout", install)})
    with pytest.raises(UnknownBackendError, match="tts backend 'shout' cannot be imported") as caught:
        registry.load("shout")
    assert caught.value.code == "backend_not_installed" and str(caught.value).endswith(words)


def test_an_unknown_name_is_told_the_known_ones():
    registry = Registry("tts", {"shout": Backend("x:Y"), "whisper": Backend("x:Z")})
    with pytest.raises(UnknownBackendError, match="unknown tts backend 'sing'; known: shout, whisper"):
        registry.load("sing")
    assert [name for name, _ in registry.items()] == list(registry.names)


def test_what_is_installed_without_dependencies_comes_with_every_set_up():
    assert how_to_install("no_deps") == "./avatar setup (by hand: requirements/no_deps.txt)"
