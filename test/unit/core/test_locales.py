"""The files of config/locales: complete, translated, and read with their mistakes named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from avatar_ros.core import locales
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.locales import TEXTS, find_language, language_code, languages, load_language
from avatar_ros.core.paths import share_file
from avatar_ros.core.writing_scripts import fits

FOLDER = share_file("config/locales")
OURS = ("en", "ar", "de", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "tr", "zh")
OTHERS = OURS[1:]
#: English has these alone: its grammar, and short forms of its own.
ENGLISH_ONLY = {"matching.short_forms"}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
TAG = re.compile(r"\[[a-z]+\]")


def keys(code: str) -> set[str]:
    tree = yaml.safe_load((FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    inner = {f"{name}.{key}" for name, value in tree.items() if isinstance(value, dict) for key in value}
    return inner | {name for name, value in tree.items() if not isinstance(value, dict)}


def test_the_languages_are_those_that_are_promised() -> None:
    assert set(languages()) >= set(OURS)
    assert languages()[0] == "en"


@pytest.mark.parametrize("code", OTHERS)
def test_each_entry_of_english_stands_in_each_language(code: str) -> None:
    missing = keys("en") - keys(code) - ENGLISH_ONLY
    if "unfinished.endings" in keys(code):
        missing -= {"unfinished.words"}  # a script without spaces has no last word
    assert not missing


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_a_copy_of_the_english_one_and_placeholders_are_the_same(code: str) -> None:
    english, other = load_language(yaml, "en"), load_language(yaml, code)
    for name in TEXTS:
        assert other.texts[name] != english.texts[name], name
        assert PLACEHOLDER.findall(other.texts[name]) == PLACEHOLDER.findall(english.texts[name]), name
        assert TAG.findall(other.texts[name]) == TAG.findall(english.texts[name]), name
    copied = set(other.dates.weekdays) & set(english.dates.weekdays)
    assert not copied, copied


@pytest.mark.parametrize("code", OURS)
def test_what_is_said_is_in_the_languages_own_script(code: str) -> None:
    language = load_language(yaml, code)
    for text in (*language.texts.values(), *language.dates.weekdays, *language.dates.months):
        assert fits(TAG.sub("", PLACEHOLDER.sub("", text)), language.locale), text


@pytest.mark.parametrize("code", OURS)
def test_every_hour_has_a_greeting_and_lists_have_no_gaps(code: str) -> None:
    dates = load_language(yaml, code).dates
    for named in (dates.dayparts, dates.greetings):
        assert named[0][0] == 0 and all(text.strip() for _, text in named)
    for words in (dates.weekdays, dates.months, dates.days, dates.hours, dates.minutes, dates.year_digits):
        assert all(word.strip() for word in words)
        assert len(set(words)) >= min(len(words), 12), words  # hours of the half day stand twice


def test_a_locale_finds_its_language() -> None:
    assert [language_code(locale) for locale in ("de-AT", "de_DE.UTF-8", "DE", "")] == ["de", "de", "de", ""]
    assert load_language(yaml, "pt-PT").code == "pt"
    assert load_language(yaml, "yue-HK").code == load_language(yaml, "zh-TW").code == "zh"
    assert find_language(yaml, "xx") is None and find_language(yaml, "") is None


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of languages, empty."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "avatar_ros" / "config" / "locales"
    folder.mkdir(parents=True)
    locales._read.cache_clear()
    monkeypatch.setattr(locales, "user_data_folder", lambda: tmp_path / "avatar_ros")
    yield folder
    locales._read.cache_clear()


def test_an_own_file_goes_before_the_shipped_one_entry_by_entry(own_folder: Path) -> None:
    (own_folder / "de.yaml").write_text("texts:\n  apology: Das weiß ich nicht.\n", encoding="utf-8")
    german = load_language(yaml, "de-DE")
    assert german.texts["apology"] == "Das weiß ich nicht."
    assert german.texts["missed"].startswith("Entschuldigung")


def test_a_further_language_needs_all_its_entries(own_folder: Path) -> None:
    english = (FOLDER / "en.yaml").read_text(encoding="utf-8")
    times = "dates:\n  date: '{day} {month} {year}'\n  time: '{hour}.{minute}'\n  full_hour: '{hour}'\n"
    (own_folder / "sv.yaml").write_text(english.replace("dates:\n", times), encoding="utf-8")
    assert "sv" in languages() and load_language(yaml, "sv-SE").code == "sv"
    (own_folder / "fi.yaml").write_text("locale: fi-FI\nname: suomi\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"fi\.yaml: .*texts\.apology.*missing"):
        load_language(yaml, "fi")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("texts:\n  apologie: Nein\n", "line 2, texts: unknown entry 'apologie'"),
        ("texts:\n  apo\u202elogy: Nein\n", r"line 2, texts: unknown entry 'apo\u202elogy'"),
        ("texts:\n  [a]: b\n", "line 2, texts: a name of an entry must be a word"),
        ("? {a: b}\n: c\n", "line 1, the file: a name of an entry must be a word"),
        ("texts: nein\n", "line 1, texts: must have the entries"),
        ("backchannels: ja\n", "line 1, backchannels: must be a list"),
        ("dates:\n  weekdays: [Montag]\n", "line 2, dates.weekdays: must have 7 items, not 1"),
        ("dates:\n  greetings: {5: Moin}\n", "line 2, dates.greetings: must be a mapping from an hour"),
        ("dates:\n  greetings: {0: Moin, 24: Nacht}\n", "line 2, dates.greetings: must be a mapping from an hour"),
        ("dates:\n  time: '{stunde}'\n", "line 2, dates.time: unknown placeholder {stunde}"),
        ("texts:\n  apology: '{name}'\n", "line 2, texts.apology: unknown placeholder {name}; known: none"),
        ("texts:\n  apology: [a]\n", "line 2, texts.apology: must be a text"),
        ("texts: [\n", "not valid YAML"),
        ("- a\n", "line 1, the file: must have the entries"),
        ("", "the file: must have the entries"),
    ],
)
def test_mistakes_are_named_with_their_line(own_folder: Path, text: str, what: str) -> None:
    (own_folder / "de.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_language(yaml, "de")
    assert what in str(caught.value) and "de.yaml" in str(caught.value)


def test_a_language_without_texts_says_which_there_are_and_what_to_do() -> None:
    said = r"'xx-YY'.*known: en, ar, de.*translate config/locales/en\.yaml to .*/xx\.yaml"
    with pytest.raises(ConfigError, match=said):
        load_language(yaml, "xx-YY")


@pytest.mark.parametrize("code", OURS)
def test_what_is_said_meanwhile_is_two_sentences_of_its_own(code: str) -> None:
    first, again = load_language(yaml, code).waiting
    assert first != again and fits(first + again, load_language(yaml, code).locale)
    assert code == "en" or first not in load_language(yaml, "en").waiting
