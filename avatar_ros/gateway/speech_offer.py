"""Languages and voices that a visitor may choose: what the nodes of the graph offer, put together. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from ..core.avatar_voices import USUAL_VOICE
from ..core.errors import ConfigError
from ..core.events import Offer
from ..core.locales import find_language, same_language

#: Who answers in a language: all three must; () of one means any.
_ANSWER = ("dialogue_node", "llm_node", "tts_node")
_HEARS = "asr_node"


class SpeechOffer:
    """own: the language of the server's settings, which counts until the dialogue has told its own."""

    def __init__(self, own: str = "en-US") -> None:
        self._own = own
        self._offers: dict[str, Offer] = {}

    def take(self, offer: Offer) -> None:
        """A node tells what it can do, or tells it anew."""
        self._offers[offer.node] = offer

    @property
    def complete(self) -> bool:
        """Whether all have told."""
        return self._offers.keys() >= {*_ANSWER, _HEARS}

    @property
    def own(self) -> str:
        """The graph's own language, BCP 47."""
        told = self._locales("dialogue_node")
        return told[0] if told else self._own

    def locales(self) -> tuple[str, ...]:
        """Languages that are answered in themselves, the own one first."""
        others = (locale for locale in self._locales("dialogue_node") if not same_language(locale, self.own))
        return (self.own, *(locale for locale in others if self._is_answered(locale)))

    def hears(self, locale: str) -> bool:
        """Whether somebody who speaks it is understood; what is typed always is."""
        return _fits(locale, self._locales(_HEARS))

    def choose_locale(self, wanted: str) -> str:
        """What is offered of what is wanted: the same, else the same language, else the own one."""
        offered = self.locales()
        same = (locale for locale in offered if same_language(locale, wanted))
        return wanted if wanted in offered else next(same, self.own)

    def choose_voice(self, wanted: str) -> str:
        """An id that the voice node knows, or USUAL_VOICE."""
        return wanted if wanted in self._voices().voices else USUAL_VOICE

    def described(self) -> dict[str, Any]:
        """What /voices tells."""
        own, told = self.own, self._voices()
        voices = [{"id": USUAL_VOICE, "name": "Usual", "locale": "", "default": True}]
        for voice, name, locale in zip(told.voices, told.voice_names, told.voice_locales, strict=False):
            voices.append({"id": voice, "name": name, "locale": locale, "default": False})
        locales = [
            {"id": locale, "name": language_name(locale), "default": locale == own, "heard": self.hears(locale)}
            for locale in self.locales()
        ]
        return {"voices": voices, "locales": locales, "complete": self.complete}

    def refusal(self, wanted: str) -> dict[str, str]:
        """What a visitor is told whose language is not offered."""
        known = ", ".join(language_name(locale) for locale in self.locales())
        text = f"This server does not speak '{wanted[:40]}'"
        remedy = f"It answers in {language_name(self.own)}; it knows {known}."
        return {"code": "language", "text": text, "remedy": remedy}

    def _is_answered(self, locale: str) -> bool:
        return all(_fits(locale, self._locales(node)) for node in _ANSWER)

    def _locales(self, node: str) -> tuple[str, ...]:
        offer = self._offers.get(node)
        return offer.locales if offer else ()

    def _voices(self) -> Offer:
        return self._offers.get("tts_node") or Offer()


def language_name(locale: str) -> str:
    """In itself, "Deutsch", "Français"; the code where nothing is known of it."""
    try:
        found = find_language(yaml, locale)
    except ConfigError:
        return locale  # dialogue_node refuses the file
    return found.name[:1].upper() + found.name[1:] if found is not None else locale


def _fits(locale: str, offered: tuple[str, ...]) -> bool:
    return not offered or any(same_language(locale, one) for one in offered)
