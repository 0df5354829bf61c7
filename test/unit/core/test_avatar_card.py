"""An avatar's card: inside the zip, beside the file, and every mistake in it named."""

import zipfile

import pytest
import yaml

from avatar_ros.core.avatar_card import AvatarCard, read_card
from avatar_ros.core.avatar_names import BUILT_IN, FIRST, avatar_file, known_avatars
from avatar_ros.core.errors import AvatarError, ConfigError

WHOLE = """
title: Ben, a man
licence: Apache-2.0
voice: a man's
defaults:
  locale: en-GB
  voices: {espeak: [en-GB=en-gb-x-rp+m3]}
  background: "#102030"
  camera: {zoom: 1.2, up_m: 0.01}
  weights: {jawOpen: 1.25}
"""


def zipped(folder, text, name="head/avatar.yaml"):
    path = folder / "head.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, text)
    return path


def test_all_entries_are_read(tmp_path):
    card = read_card(yaml, zipped(tmp_path, WHOLE))
    assert card == AvatarCard(
        title="Ben, a man",
        licence="Apache-2.0",
        voice="a man's",
        locale="en-GB",
        voices={"espeak": ("en-GB=en-gb-x-rp+m3",)},
        background="#102030",
        zoom=1.2,
        up_m=0.01,
        weights={"jawOpen": 1.25},
    )


def test_what_lies_beside_counts_more_entry_by_entry(tmp_path):
    path = zipped(tmp_path, WHOLE)
    (tmp_path / "head.avatar.yaml").write_text("title: Benjamin\ndefaults: {background: transparent}")
    card = read_card(yaml, path)
    assert (card.title, card.background, card.locale) == ("Benjamin", "transparent", "en-GB")


def test_a_file_of_splats_has_its_card_beside_it(tmp_path):
    (tmp_path / "head.avatar.yaml").write_text("licence: CC0")
    assert read_card(yaml, tmp_path / "head.ply").licence == "CC0"


def test_without_a_card_nothing_is_asked(tmp_path):
    assert read_card(yaml, zipped(tmp_path, "x", name="head/skin.glb")) == AvatarCard()
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert read_card(yaml, tmp_path / "no.zip") == AvatarCard()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[", "it is no YAML"),
        ("- a", "entries are expected: title"),
        ("titel: x", "'titel' is unknown; known: title.*did you mean 'title'"),
        ("title: [x]", "title is"),
        ("defaults: 3", "defaults is 3"),
        ("defaults: {local: en}", "'local' is unknown.*did you mean 'locale'"),
        ("defaults: {background: blue}", "background is 'blue'"),
        ("defaults: {camera: {zoom: 9}}", "zoom is 9; give a number of 0.2 to 5"),
        ("defaults: {camera: {zoom: .nan}}", "zoom is nan"),
        ("defaults: {weights: {jawOpne: 1}}", "'jawOpne' is no ARKit shape; did you mean 'jawOpen'"),
        ("defaults: {weights: {jawOpen: true}}", "jawOpen is True"),
        ("defaults: {voices: {espeak: en}}", "voices of espeak"),
        ("title: " + "x" * 70000, "larger than 64 KiB"),
        ("title: !!python/object/apply:os.system [ls]", "it is no YAML"),
    ],
)
def test_mistakes_are_named_with_the_file(text, wrong, tmp_path):
    with pytest.raises(AvatarError, match=wrong) as caught:
        read_card(yaml, zipped(tmp_path, text))
    assert "head.zip" in str(caught.value)


def test_avatars_of_the_package_have_names(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    known = known_avatars()
    assert {FIRST, "ben"} <= set(known)
    assert avatar_file("ben") == known["ben"]
    assert avatar_file(BUILT_IN) == avatar_file(FIRST) == avatar_file("") == known[FIRST]


def test_own_avatars_have_names_too_and_hide_none_of_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = tmp_path / "avatar_ros" / "avatars"
    own.mkdir(parents=True)
    for name in ("me.spz", "ben.zip", "notes.txt"):
        (own / name).touch()
    assert avatar_file("me") == own / "me.spz"
    assert avatar_file("ben").parent != own
    assert "notes" not in known_avatars()


def test_a_path_stays_a_path_and_an_unknown_word_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert str(avatar_file("some/head.zip")) == "some/head.zip"
    (tmp_path / "head").touch()
    assert str(avatar_file("head")) == "head"
    with pytest.raises(ConfigError, match=r"no avatar is called 'bne'.*known: ada.*did you mean 'ben'"):
        avatar_file("bne")


@pytest.mark.parametrize("text", ["studio", "studio:#102030", "gradient:#102030,#405060", "chroma", "transparent"])
def test_a_card_may_use_the_words_for_backgrounds(tmp_path, text):
    (tmp_path / "head.avatar.yaml").write_text(f'defaults: {{background: "{text}"}}')
    assert read_card(yaml, tmp_path / "head.ply").background == text


@pytest.mark.parametrize("text", ["/etc/passwd", "blur:hall.jpg", "hall.jpg"])
def test_a_card_names_no_files_of_this_computer(tmp_path, text):
    (tmp_path / "head.avatar.yaml").write_text(f'defaults: {{background: "{text}"}}')
    with pytest.raises(AvatarError, match="background is"):
        read_card(yaml, tmp_path / "head.ply")
