"""Languages and voices that a visitor may choose, from what the nodes offer."""

from __future__ import annotations

import pytest

from avatar_ros.core.avatar_voices import USUAL_VOICE
from avatar_ros.core.events import NO_LANGUAGE, Offer
from avatar_ros.gateway.speech_offer import SpeechOffer

NODES = (
    Offer("dialogue_node", ("en-US", "de-DE", "fr-FR", "ja-JP")),
    Offer("llm_node", ("en-US", "de", "fr")),
    Offer("tts_node", (), ("f1", "thorsten"), ("woman 1", "Thorsten"), ("", "de-DE")),
    Offer("asr_node", ("en",)),
)


def offer(*nodes: Offer) -> SpeechOffer:
    made = SpeechOffer("it-IT")
    for node in nodes or NODES:
        made.take(node)
    return made


def test_before_anybody_has_told_there_is_the_servers_own() -> None:
    empty = SpeechOffer("it-IT")
    told = empty.described()
    assert [one["id"] for one in told["locales"]] == ["it-IT"] and not told["complete"]
    assert [one["id"] for one in told["voices"]] == [USUAL_VOICE]


def test_a_language_is_offered_that_has_texts_answers_and_a_voice() -> None:
    told = offer().described()
    assert told["complete"]
    assert [(one["id"], one["name"], one["default"], one["heard"]) for one in told["locales"]] == [
        ("en-US", "English", True, True), ("de-DE", "Deutsch", False, False), ("fr-FR", "Français", False, False),
    ]  # fmt: skip
    voices = [(one["id"], one["locale"]) for one in told["voices"]]
    assert voices == [(USUAL_VOICE, ""), ("f1", ""), ("thorsten", "de-DE")]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [("de-DE", "de-DE"), ("de-AT", "de-DE"), ("fr", "fr-FR"), ("sv-SE", "en-US"), ("", "en-US"), ("ja-JP", "en-US")],
)
def test_the_nearest_language_is_chosen(wanted: str, chosen: str) -> None:
    assert offer().choose_locale(wanted) == chosen


def test_a_voice_that_nobody_has_is_the_usual_one() -> None:
    assert offer().choose_voice("thorsten") == "thorsten"
    assert offer().choose_voice("nobody") == offer().choose_voice("") == USUAL_VOICE


def test_nodes_that_know_no_bounds_and_a_recogniser_that_hears_nothing() -> None:
    every = offer(NODES[0], Offer("llm_node"), Offer("tts_node"), Offer("asr_node", NO_LANGUAGE))
    assert every.locales() == ("en-US", "de-DE", "fr-FR", "ja-JP")
    assert not any(every.hears(locale) for locale in every.locales())
    every.take(Offer("asr_node"))
    assert every.hears("ja-JP")


def test_a_refusal_names_what_there_is() -> None:
    told = offer().refusal("sv-SE")
    assert told["code"] == "language" and "sv-SE" in told["text"]
    assert "English" in told["remedy"] and "Deutsch" in told["remedy"]
