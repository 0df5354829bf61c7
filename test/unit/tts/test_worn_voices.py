"""The voice follows who is shown: from the next sentence on, in that session, unless somebody chose another one."""

import pytest

from avatar_ros.core.avatar_voices import USUAL_VOICE, avatar_voices
from avatar_ros.core.enums import SessionKind
from avatar_ros.core.events import SessionEvent
from avatar_ros.core.types import Sentence
from avatar_ros.tts.base import PLAIN, TtsSettings, VoiceChoice
from avatar_ros.tts.espeak import EspeakSettings, EspeakVoice
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.stage import TtsStage
from avatar_ros.tts.worn_voices import WornVoices

GRACE, ADA = avatar_voices(("fake:en-US=grace", "espeak:en-US=en-us+f4")), ()


class Several(FakeVoice):
    """Notes who speaks; "" is the usual one."""

    def __init__(self) -> None:
        super().__init__(TtsSettings(backend="fake"))
        self.spoke: list[str] = []

    def voices(self):
        return (VoiceChoice("a", "A"),)

    def speak(self, text, locale, stop=None):
        self.spoke.append("")
        return super().speak(text, locale, stop)

    def speak_as(self, voice, text, locale, stop=None):
        self.spoke.append(voice)
        return super().speak(text, locale, stop)


class Run:
    """configured, of_avatar: as in WornVoices."""

    def __init__(self, configured=(), of_avatar=()) -> None:
        self.voice = Several()
        settings = TtsSettings(backend="fake", burst_s=10.0)
        self.stage = TtsStage(settings, self.voice, WornVoices("fake", configured, of_avatar))
        self.stage.load()
        self._number = 0

    def show(self, voices, session: str = "local") -> None:
        list(self.stage.session(SessionEvent(session, avatar="somebody", avatar_voices=voices), 10.0))

    def say(self, session: str = "local", locale: str = "en-US") -> str:
        """Who says the next sentence of one turn."""
        sentence = Sentence(session, turn=1, index=self._number, text="One.", locale=locale)
        self._number += 1
        before = len(self.voice.spoke)
        list(self.stage.push("speech/sentence", sentence, 10.0))
        list(self.stage.tick(10.0))
        (spoke,) = self.voice.spoke[before:]
        return spoke


def test_it_changes_between_two_sentences_of_a_turn_and_back():
    run = Run()
    assert run.say() == ""
    run.show(GRACE)
    assert run.say() == "grace"
    assert run.say(locale="de-DE") == "", "she has no voice for that"
    run.show(ADA)
    assert run.say() == ""


def test_other_sessions_keep_theirs_and_what_a_person_chose_counts_more():
    run = Run()
    run.show(GRACE)
    assert run.say("web-1") == ""
    run.show(GRACE, "web-2")
    assert run.say("web-2") == "grace"
    list(run.stage.session(SessionEvent("web-3", voice="a"), 10.0))
    run.show(GRACE, "web-3")
    assert run.say("web-3") == "a", "whoever is shown"
    list(run.stage.session(SessionEvent("web-2", SessionKind.CLOSED), 10.0))
    assert not run.stage._worn._worn.keys() & {"web-2"}


def test_who_chose_nothing_or_gives_a_choice_back_has_the_usual_voice_or_that_of_the_face():
    run = Run()
    for session, voices in (("web-1", (USUAL_VOICE,)), ("web-2", ("a", USUAL_VOICE))):
        for voice in voices:
            list(run.stage.session(SessionEvent(session, voice=voice), 10.0))
        assert run.say(session) == "", "the usual one"
        run.show(GRACE, session)
        assert run.say(session) == "grace"


def test_configured_voices_stay():
    run = Run(configured=("en-US=mine",))
    run.show(GRACE)
    assert run.say() == ""


def test_voices_of_the_first_avatar_go_with_it():
    run = Run(configured=("en-US=first",), of_avatar=("fake:en-US=first",))
    assert run.say() == "", "the usual one is the first avatar's"
    run.show(ADA)
    assert run.say() == PLAIN
    run.show(GRACE)
    assert run.say() == "grace"


@pytest.mark.parametrize("voices", [(), ("en-US=en-us+f4",)])
def test_espeak_speaks_as_a_card_asks_and_plainly(voices):
    """As a kiosk does that began with that avatar: told by how long it takes; a voice that is none is told of."""

    def spoken(own, voice=""):
        made = EspeakVoice(TtsSettings(), EspeakSettings(voices=own))
        made.load()
        try:
            parts = made.speak_as(voice, "Good morning.", "en-US") if voice else made.speak("Good morning.", "en-US")
            return sum(len(part.pcm) for part in parts), made.status()
        finally:
            made.close()

    usual, grace = spoken(())[0], spoken(("en-US=en-us+f4",))[0]
    assert grace > 1.04 * usual
    assert spoken(voices, "en-us+f4")[0] == pytest.approx(grace, rel=0.01)
    assert spoken(voices, PLAIN)[0] == pytest.approx(usual, rel=0.01)
    unknown, status = spoken(voices, "klingon+f4")
    assert unknown == pytest.approx(grace if voices else usual, rel=0.01)
    assert "'klingon+f4', which was asked for" in status["warning"]
