"""What the dialogue says by itself, and what it listens for, in the language of the person who is there."""

from __future__ import annotations

import yaml

from ..core.locales import AUTO, Language, find_language, language_code, languages, load_language, same_language
from ..core.types import Transcript
from .backchannels import Phrases
from .base import DialogueSettings

_ENGLISH = "en"


class FixedTexts:
    """Of one session. A parameter that is AUTO is what the file of the person's language says; any other is said as it
    stands, in the kiosk's own language.
    """

    def __init__(self, settings: DialogueSettings, locale: str = "") -> None:
        """locale: of a session that was opened in a language of its own, "" for the kiosk's."""
        self._settings = settings
        self.own_locale = settings.locale  # of what a program has said without naming a language
        self.choose(locale)

    def choose(self, locale: str) -> None:
        """The person wants that language from now on."""
        self._chosen = self.answered_in(locale or self._settings.locale)
        self.locale = self._chosen  # what the person speaks, as far as that is known

    def wear(self, locale: str) -> None:
        """Who is shown speaks that language; what the person speaks is known better, where it is no other one."""
        before, self.own_locale = self.own_locale, self.answered_in(locale)
        if self.own_locale != before:
            self.choose(self.own_locale)

    def heard(self, transcript: Transcript) -> None:
        """The person said something; what was not understood was in no language."""
        if not transcript.rejected and transcript.text:
            self.locale = self.answered_in(transcript.locale)

    def next_person(self) -> None:
        """Nobody is there: the next person may speak another language."""
        self.locale = self._chosen

    def answered_in(self, locale: str) -> str:
        """The locale that a question in `locale` is answered in: its own, or the kiosk's where that is not wanted; the
        session's where it is "", not known.
        """
        if not locale:
            return self._chosen
        wanted = self._settings.languages
        own = self._settings.locale
        known = not wanted or any(same_language(locale, one) for one in (own, *wanted))
        return locale if known else own

    def get(self, name: str) -> tuple[str, str]:
        """(a text of core/locales.py's TEXTS, its locale); "" for nothing to say."""
        given: str = getattr(self._settings, name)
        if given != AUTO:
            return given, self._settings.locale
        language = find_language(yaml, self.locale)
        if language is not None:
            return language.texts[name], self.locale
        return load_language(yaml, self._settings.locale).texts[name], self._settings.locale


class ListeningWords:
    """Backchannels and stop phrases: those of the language that is spoken, of the kiosk's own, and of English."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._known: dict[tuple[str, str], Phrases] = {}

    def backchannels(self, locale: str) -> Phrases:
        """What may be said over the avatar. locale: of what was said; "" where that is not known, then all count."""
        return self._phrases("backchannels", locale)

    def stop_phrases(self, locale: str) -> Phrases:
        """What silences it."""
        return self._phrases("stop_phrases", locale)

    def _phrases(self, name: str, locale: str) -> Phrases:
        given: str = getattr(self._settings, name)
        key = (name, language_code(locale) if given == AUTO else AUTO)
        if key not in self._known:
            listed = (word for one in self._spoken(locale) for word in getattr(one, name))
            found = given if given != AUTO else ",".join(listed)
            if len(self._known) > 2 * len(languages()):
                self._known.clear()  # languages that nobody has
            self._known[key] = Phrases(found)
        return self._known[key]

    def _spoken(self, locale: str) -> list[Language]:
        codes = dict.fromkeys((language_code(locale), language_code(self._settings.locale), _ENGLISH))
        found = [find_language(yaml, code) for code in (codes if locale else languages())]
        return [language for language in found if language is not None]


def answered_languages(settings: DialogueSettings) -> tuple[str, ...]:
    """Those that have texts and are answered in themselves, BCP 47, the kiosk's own first."""
    texts = FixedTexts(settings)
    found = (language.locale for code in languages() if (language := find_language(yaml, code)) is not None)
    wanted = (locale for locale in found if texts.answered_in(locale) == locale)
    return (settings.locale, *(locale for locale in wanted if not same_language(locale, settings.locale)))


def check_languages(settings: DialogueSettings) -> None:
    """Read all files of languages, so that none is found wrong while somebody waits. Raises ConfigError."""
    for locale in (settings.locale, *settings.languages, *languages()):
        load_language(yaml, locale)
