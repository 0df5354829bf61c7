"""What an avatar's card asks of the nodes counts less than the profile and what the user said."""

import zipfile

import pytest

from avatar_ros.bringup.avatar_defaults import avatar_of_profile
from avatar_ros.bringup.graph import KioskOptions, kiosk_graph, profile_files
from avatar_ros.bringup.profile_parameters import parameters_for
from avatar_ros.core.avatar_names import avatar_file
from avatar_ros.core.errors import ConfigError

CARD = 'defaults: {locale: de-DE, background: "#102030", voices: {espeak: [de-DE=de+f2]}}'


@pytest.fixture
def head(tmp_path):
    with zipfile.ZipFile(tmp_path / "head.zip", "w") as archive:
        archive.writestr("avatar.yaml", CARD)
    return str(tmp_path / "head.zip")


def parameters(**options):
    return {node.executable: dict(node.parameters) for node in kiosk_graph(KioskOptions(**options))}


def test_the_card_reaches_the_nodes(head):
    given = parameters(avatar=head)
    assert given["renderer_node"]["background"] == "#102030"
    voices = {"espeak.voices": ["de-DE=de+f2"], "voices_of_avatar": ["espeak:de-DE=de+f2"]}
    assert given["tts_node"] == {"locale": "de-DE", **voices}
    assert given["renderer_node"]["home_locale"] == "de-DE"
    assert given["asr_node"] == {"locale": "de-DE"}


def test_what_the_user_says_counts_more(head):
    given = parameters(avatar=head, locale="fr")
    assert given["tts_node"]["locale"] == "fr"
    assert "home_locale" not in given["renderer_node"], "no avatar that is put on changes it"
    assert parameters(avatar="grace")["renderer_node"]["home_locale"] == "en-US"


def test_what_the_profile_sets_is_left_to_it(head, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        '/**: {ros__parameters: {locale: en-GB}}\n/**/renderer_node: {ros__parameters: {background: "#ffffff"}}'
    )
    given = parameters(avatar=head, profile=f"embedded,{mine}")
    assert "background" not in given["renderer_node"]
    assert "home_locale" not in given["renderer_node"]
    assert given["tts_node"]["espeak.voices"] == ["de-DE=de+f2"] and "locale" not in given["tts_node"]
    mine.write_text("/**/tts_node: {ros__parameters: {espeak.voices: [de-DE=de+m2]}}")
    given = parameters(avatar=head, profile=f"embedded,{mine}")
    assert set(given["tts_node"]) == {"locale"}


def test_an_avatar_that_the_profile_names_brings_its_card(head, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"avatar: {{renderer_node: {{ros__parameters: {{avatar: {head}}}}}}}")
    assert avatar_of_profile((mine,)) == head
    assert parameters(profile=f"embedded,{mine}")["asr_node"] == {"locale": "de-DE"}


@pytest.mark.parametrize("profile", ["embedded", "natural"])
def test_a_man_speaks_with_the_voices_that_are_mens(profile):
    assert avatar_of_profile(profile_files(profile)) == "ben"
    assert not parameters(profile=profile)["tts_node"]
    assert parameters(profile=profile, avatar="ada")["renderer_node"]["avatar"] == str(avatar_file("ada"))


def test_a_name_becomes_its_file():
    assert parameters(avatar="ben")["renderer_node"]["avatar"] == str(avatar_file("ben"))


ODD_VALUES = ["9" * 5000, "!!binary 'é'", "!!float x", "2020-99-99", "!!python/object:os.system x", "{a: [1, {b: 2}]}"]


@pytest.mark.parametrize("value", ODD_VALUES)
def test_a_value_that_is_none_in_a_profile_does_not_end_the_launch_in_a_traceback(value, tmp_path):
    """Whatever rcl will say of it; the avatar is a text, and others' parameters are not asked for here."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"/**/renderer_node: {{ros__parameters: {{avatar: ada, other: {value}}}}}", encoding="utf-8")
    assert avatar_of_profile((mine,)) == "ada"
    assert isinstance(parameters_for((mine,), "/avatar/renderer_node"), dict)


def test_a_profile_that_is_no_yaml_is_refused_by_name(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**/a: {ros__parameters: {x: '\x01'}}")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        avatar_of_profile((mine,))
    assert parameters_for((mine,), "/avatar/a") == {}


def test_an_avatar_that_is_unknown_is_refused_with_the_profile_that_names_it(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**/renderer_node: {ros__parameters: {avatar: beno}}")
    with pytest.raises(ConfigError, match=r"renderer_node in .*mine\.yaml: no avatar is called 'beno'"):
        parameters(profile=f"embedded,{mine}")
