"""Settings that count at once: the conversation at hand follows them, and a value that cannot be changes nothing."""

from __future__ import annotations

from dataclasses import fields

import pytest
from dialogue_talk import Talk

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.settings import retune
from avatar_ros.dialogue.base import DialogueSettings


def settings_of(talk: Talk) -> DialogueSettings:
    stage = talk._runners["dialogue"].stage
    return stage._settings


def test_a_value_that_cannot_be_changes_nothing() -> None:
    settings = DialogueSettings()
    with pytest.raises(ConfigError, match="think_patience_s"):
        retune(settings, {"idle_after_s": 5.0, "think_patience_s": -1.0})
    assert settings == DialogueSettings()
    retune(settings, {"idle_after_s": 5})
    assert settings == DialogueSettings(idle_after_s=5.0)


def test_patience_with_the_model() -> None:
    talk = Talk(think_patience_s=60.0, apology="Sorry.")
    talk.ask("hello")
    talk.run(5.0)
    assert not talk.orders
    retune(settings_of(talk), {"think_patience_s": 4.0, "apology": "Pardon me."})
    talk.run(0.5)
    assert talk.orders == [(InterruptAction.CANCEL, 1, "no_answer")]
    assert [s.text for s in talk.sent("speech/sentence")] == ["Pardon me."]


def test_barge_in_switched_off_in_the_middle_of_an_answer() -> None:
    talk = Talk()
    talk.answer("hello", "A long answer.")
    talk.play()
    retune(settings_of(talk), {"barge_in": False})
    talk.speak()
    talk.run(0.3)
    assert not talk.orders
    retune(settings_of(talk), {"barge_in": True})


def test_what_is_live_is_said_of_each() -> None:
    live = {item.name for item in fields(DialogueSettings) if item.metadata["live"]}
    assert {"think_patience_s", "speak_patience_s", "idle_after_s", "barge_in", "apology"} <= live
    assert "history_messages" not in live and "locale" not in live
