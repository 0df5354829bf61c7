"""What rcl would refuse with a traceback is refused in words, wherever a user names something of ROS."""

import pytest

from avatar_ros.bringup.device_parameters import people_parameters
from avatar_ros.cli import main
from avatar_ros.client import Avatar
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.ros_names import MOST_NAMESPACE, check_topic, namespace_of

BAD = ("9 lives", "a//b", "ü", "a-b", "x" * (MOST_NAMESPACE + 1), "a b", "~", "\x1b[2J", "a\n", "{node}")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("avatar", "/avatar"), ("/robot/head/", "/robot/head"), ("", "/"), ("/", "/"), ("_a1/B_2", "/_a1/B_2")],
)
def test_namespaces(name, meant):
    assert namespace_of(name) == meant


@pytest.mark.parametrize("name", BAD)
def test_bad_ones_are_named(name):
    with pytest.raises(ConfigError, match="letters, digits and _") as caught:
        namespace_of(name)
    assert len(str(caught.value)) < 250 and str(caught.value).isprintable()
    with pytest.raises(ConfigError, match="letters, digits and _"):
        check_topic(name * 2, "image_topic")


def test_topics():
    for good in ("image", "/camera/image_raw", "~/image"):
        check_topic(good, "image_topic")
        assert people_parameters(good) == {"image_topic": good}
    with pytest.raises(ConfigError, match="people is 'a b'"):
        people_parameters("a b")


def test_a_program_is_told_before_ros_begins():
    with pytest.raises(ConfigError, match="namespace is '9 lives'"):
        Avatar("9 lives")


@pytest.mark.parametrize(
    "words",
    [
        ("say", "hi"), ("ask", "hi"), ("listen",), ("record", "out.mcap"), ("kiosk",), ("web",), ("viewers",),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["9 lives", "x" * 300])
def test_verbs_end_with_one_line(words, name, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--namespace", name]) == 2
    said = capfd.readouterr().err
    assert "namespace is '" in said and len(said.splitlines()) == 1 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ("kiosk", "--mic"), ("kiosk", "--people"), ("replay",), ("say",), ("ask",), ("web", "--name"),
        ("listen", "--phrases"), ("soak", "--profile"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_text_do_not_reach_a_node(words, capfd):
    """Each node died of its own command line, again and again."""
    with pytest.raises(SystemExit) as left:
        main([*words, "caf\udce9"])
    said = capfd.readouterr().err
    assert left.value.code == 2 and "is no text in UTF-8" in said and len(said.splitlines()) == 1
