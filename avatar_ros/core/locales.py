"""What the avatar knows of a language: config/locales/<language>.yaml, read and checked, each once.

A user's own file of the same name below the user's data folder (paths.py) goes before the shipped one, entry by entry;
one of a further language has every entry. `core` imports no YAML: the module comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .locale_tree import Kind, LocaleEntry, entries
from .paths import share_file, user_data_folder
from .yaml_text import compose_yaml

FOLDER = "config/locales"
#: What the dialogue says by itself; a parameter of this name that is AUTO takes it from here.
TEXTS = ("greeting", "farewell", "apology", "missed", "too_long", "too_quiet", "too_slow")
AUTO = "auto"
_CODE = "locale_file"
_ENGLISH = "en"
#: Of English grammar, answers/spoken_dates.py spells these.
_SPELLED_IN_ENGLISH = ("date", "time", "full_hour")

_SCHEMA: dict[str, Any] = {
    "locale": Kind.TEXT,
    "name": Kind.TEXT,
    "also": Kind.WORDS,
    "texts": dict.fromkeys(TEXTS, Kind.TEXT),
    "waiting": Kind.LIST,
    "backchannels": Kind.LIST,
    "stop_phrases": Kind.LIST,
    "unfinished": {"words": Kind.WORDS, "endings": Kind.WORDS},
    "matching": {"function_words": Kind.WORDS, "short_forms": Kind.PAIRS, "spellings": Kind.PAIRS},
    "listing": {"between": Kind.TEXT, "last": Kind.TEXT},
    "dates": {
        "weekdays": Kind.LIST,
        "months": Kind.LIST,
        "days": Kind.LIST,
        "hours": Kind.LIST,
        "minutes": Kind.LIST,
        "year_digits": Kind.LIST,
        "date": Kind.TEXT,
        "time": Kind.TEXT,
        "full_hour": Kind.TEXT,
        "times": Kind.PAIRS,
        "dayparts": Kind.HOURS,
        "greetings": Kind.HOURS,
        "parts_of_day": Kind.HOURS,
    },
}
#: May be left out: a language that has no use for them.
_OPTIONAL = frozenset(
    "also waiting backchannels stop_phrases unfinished.words unfinished.endings matching.function_words "
    "matching.short_forms matching.spellings dates.days dates.hours dates.minutes dates.year_digits dates.times "
    "dates.parts_of_day".split()
)
_LENGTHS = {"dates.weekdays": 7, "dates.months": 12, "dates.days": 31, "dates.hours": 24, "dates.minutes": 60,
            "dates.year_digits": 10}  # fmt: skip


@dataclass(frozen=True)
class Dates:
    """How times and dates are said. docs/languages.md explains each entry.

    days, hours, minutes: words for 1-31, 0-23, 0-59, or () where digits are left to the voice; times: "12:00" -> what
    is said of just that minute; the last three: (hour from which it counts, words), in order.
    """

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    time: str
    full_hour: str
    dayparts: tuple[tuple[int, str], ...]
    greetings: tuple[tuple[int, str], ...]
    parts_of_day: tuple[tuple[int, str], ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    minutes: tuple[str, ...] = ()
    year_digits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    """One file. code: its name, "de"; locale: what the code alone means, "de-DE"; name: in the language itself.

    waiting: said while something takes longer, at first and again; last_words, last_letters: what no sentence ends
    with; function_words: what says little about a question;
    short_forms, spellings: what is compared as something else (answers/similarity.py); listing: between the items of a
    list, and before the last of them.
    """

    code: str
    locale: str
    name: str
    texts: Mapping[str, str]
    dates: Dates
    listing: tuple[str, str]
    also: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    backchannels: tuple[str, ...] = ()
    stop_phrases: tuple[str, ...] = ()
    last_words: frozenset[str] = frozenset()
    last_letters: tuple[str, ...] = ()
    function_words: frozenset[str] = frozenset()
    short_forms: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)


def language_code(locale: str) -> str:
    """The language of a BCP 47 or POSIX locale, in lower case: "de" of "de-DE" and "de_AT.UTF-8"; "" of none."""
    return locale.strip().replace("_", "-").partition("-")[0].partition(".")[0].lower()


def same_language(first: str, second: str) -> bool:
    """Whether two locales are of one language, by their codes."""
    return language_code(first) == language_code(second)


def languages() -> tuple[str, ...]:
    """Codes of all languages that there is a file of, English first."""
    found = {path.stem for folder in _folders() for path in folder.glob("*.yaml")}
    return tuple(sorted(found, key=lambda code: (code != _ENGLISH, code)))


def load_language(yaml: Any, locale: str) -> Language:
    """What is known of the language of `locale`. Raises ConfigError: no such language, or where a file is wrong."""
    found = find_language(yaml, locale)
    if found is None:
        known, example = ", ".join(languages()), f"{user_data_folder() / FOLDER}/{language_code(locale) or 'xx'}.yaml"
        raise ConfigError(
            "unknown_locale",
            f"parameter 'locale' is '{locale}', a language without texts; known: {known}; for another one translate "
            f"{FOLDER}/en.yaml to {example}",
        )
    return found


def find_language(yaml: Any, locale: str) -> Language | None:
    """What is known of the language of `locale`, or None. Raises ConfigError where its file is wrong."""
    code = language_code(locale)
    known = languages()
    if code not in known:
        code = next((other for other in known if code and code in _read(yaml, other).also), "")
    return _read(yaml, code) if code else None


def per_language(yaml: Any, take: Callable[[Language], Any], otherwise: Any) -> Callable[[str], Any]:
    """A function of a locale that gives an entry of its language's file, `otherwise` where there is none; remembered.

    A file that is wrong is found when the dialogue starts, which reads all of them: here it counts as none.
    """

    @cache
    def of(locale: str) -> Any:
        try:
            found = find_language(yaml, locale)
        except ConfigError:
            return otherwise
        return otherwise if found is None else take(found)

    return of


def _folders() -> list[Path]:
    """Of the shipped files and of the user's own, where they exist."""
    own = user_data_folder() / FOLDER
    return list(dict.fromkeys([share_file(FOLDER), *([own] if own.is_dir() else [])]))


@cache
def _read(yaml: Any, code: str) -> Language:
    paths = [path for folder in _folders() if (path := folder / f"{code}.yaml").is_file()]
    found: dict[str, LocaleEntry] = {}
    for path in paths:
        found |= entries(compose_yaml(yaml, path, _CODE), path, _SCHEMA, _LENGTHS)
    optional = _OPTIONAL | ({f"dates.{name}" for name in _SPELLED_IN_ENGLISH} if code == _ENGLISH else set())
    _require(found, paths[-1], optional)
    return _language(code, found)


def _require(found: Mapping[str, LocaleEntry], path: Path, optional: frozenset[str] | set[str]) -> None:
    names = [f"{group}.{name}" for group, inner in _SCHEMA.items() if isinstance(inner, dict) for name in inner]
    names += [name for name, inner in _SCHEMA.items() if not isinstance(inner, dict)]
    missing = [name for name in names if name not in found and name not in optional]
    if missing:
        raise ConfigError(_CODE, f"{path}: {', '.join(missing)}: missing; compare it with {FOLDER}/en.yaml")


def _language(code: str, found: Mapping[str, LocaleEntry]) -> Language:
    def get(name: str, otherwise: Any) -> Any:
        return found[name].value if name in found else otherwise

    dates = {name: found[f"dates.{name}"].value for name in _SCHEMA["dates"] if f"dates.{name}" in found}
    return Language(
        code=code,
        locale=get("locale", code),
        name=get("name", code),
        texts={name: get(f"texts.{name}", "") for name in TEXTS},
        dates=Dates(**{**dict.fromkeys(_SPELLED_IN_ENGLISH, ""), **dates}),
        listing=(get("listing.between", ", "), get("listing.last", ", ")),
        also=get("also", ()),
        waiting=get("waiting", ()),
        backchannels=get("backchannels", ()),
        stop_phrases=get("stop_phrases", ()),
        last_words=frozenset(get("unfinished.words", ())),
        last_letters=get("unfinished.endings", ()),
        function_words=frozenset(get("matching.function_words", ())),
        short_forms=get("matching.short_forms", {}),
        spellings=get("matching.spellings", {}),
    )
