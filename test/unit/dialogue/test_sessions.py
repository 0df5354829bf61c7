"""Many sessions, one after another: none leaves anything behind."""

from __future__ import annotations

from avatar_ros.core.enums import AgentState, InterruptAction, SessionKind
from avatar_ros.core.events import Interrupt, Say, SessionEvent
from avatar_ros.core.settings import retune
from avatar_ros.core.types import Transcript
from avatar_ros.dialogue.base import PORT, DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from harness import Harness

EPOCH = 7


def kiosk() -> tuple[Harness, DialogueStage]:
    run, stage = Harness(), DialogueStage(DialogueSettings(session_ttl_s=1.0), lambda: (EPOCH, ""))
    run.add("dialogue", stage, PORT)
    run.run(0.0)
    return run, stage


def visit(run: Harness, session: str) -> int:
    """Somebody asks and stays away; the number of the turn."""
    run.send("speech/transcript", Transcript(session=session, utterance=0, text="hello"))
    run.run(2.0)
    assert run.records[-1].message == SessionEvent(session, SessionKind.CLOSED)
    turn: int = run.sent("dialogue/prompt", session=session)[-1].turn
    return turn


def test_turns_go_on_counting_when_a_session_comes_back() -> None:
    run, _ = kiosk()
    turns = [visit(run, name) for name in ("web", "phone", "web", "web")]
    assert turns[0] < turns[2] < turns[3]
    assert not run.sent("interrupt", session="web", action=InterruptAction.CANCEL, turn=turns[3])


def test_closed_sessions_leave_nothing_that_grows() -> None:
    run, stage = kiosk()
    visit(run, "web0")
    before = held(stage)
    for number in range(1, 50):
        visit(run, f"web{number}")
    assert held(stage) == before


def test_another_node_opens_and_closes_a_session() -> None:
    run, _ = kiosk()
    run.send("session", SessionEvent("web", SessionKind.OPENED))
    run.run(0.1)
    assert [state.state for state in run.sent("state", session="web")] == [AgentState.IDLE]
    run.send("speech/transcript", Transcript(session="web", utterance=0, text="hello"))
    run.run(0.1)
    run.send("session", SessionEvent("web", SessionKind.CLOSED))
    run.run(0.1)
    run.send("session", SessionEvent("web", SessionKind.OPENED))
    run.run(0.1)
    assert len(run.sent("state", session="web", state=AgentState.IDLE)) == 2, "a conversation of its own"


def test_a_session_may_ask_for_one_of_the_kiosks_languages() -> None:
    run = Harness()
    settings = DialogueSettings(languages=("de",))
    run.add("dialogue", DialogueStage(settings, lambda: (EPOCH, "")), PORT)
    for session, locale in (("a", "de"), ("b", "fr")):
        run.send("session", SessionEvent(session, SessionKind.OPENED, locale=locale))
    run.run(0.1)
    told = {event.session: event.locale for event in run.sent("session") if event.ttl_s}
    assert told == {"a": "de", "b": "en-US"}


def test_a_session_is_spoken_to_in_its_own_language_and_obeys_live_settings() -> None:
    """A session of another language was given a copy of the settings, which live parameters do not reach."""
    run, settings = Harness(), DialogueSettings(idle_after_s=5.0)
    run.add("dialogue", DialogueStage(settings, lambda: (EPOCH, "")), PORT)
    run.send("session", SessionEvent("web", SessionKind.OPENED, locale="de-DE", voice="f2"))
    run.run(0.1)
    (opened,) = [event for event in run.sent("session", session="web") if event.ttl_s]
    assert (opened.locale, opened.voice) == ("de-DE", "f2")
    retune(settings, {"idle_after_s": 0.3, "too_long": "That was long."})
    run.send("speech/transcript", Transcript(session="web", text="hallo", locale="de-DE"))
    run.run(0.1)
    assert run.sent("dialogue/prompt", session="web")[-1].locale == "de-DE"
    run.send("interrupt", Interrupt("web", EPOCH, run.sent("state", session="web")[-1].turn))
    run.run(0.8)
    assert run.sent("state", session="web")[-1].state is AgentState.IDLE, "after the new time"
    run.send("speech/transcript", Transcript(session="web", text="wort " * 200, locale="de-DE"))
    run.run(0.3)
    said = run.sent("speech/sentence", session="web")[-1]
    assert (said.text, said.locale) == ("That was long.", "en-US"), "a text of the settings is in the kiosk's language"


def test_a_person_changes_the_language_of_their_session() -> None:
    run, _ = kiosk()
    run.send("session", SessionEvent("web", SessionKind.OPENED, locale="de-DE"))
    run.run(0.1)
    run.send("session", SessionEvent("web", SessionKind.OPENED, locale="fr-FR"))
    run.run(0.1)
    run.send("speech/transcript", Transcript(session="web", text="mot " * 200, locale=""))
    run.run(0.3)
    assert run.sent("speech/sentence", session="web")[-1].locale == "fr-FR"
    assert len([event for event in run.sent("session", session="web") if event.ttl_s]) == 1, "it is the same session"


def test_the_kiosk_speaks_the_language_of_who_is_shown() -> None:
    run, _ = kiosk()
    run.run(0.2)
    run.send("session", SessionEvent(locale="de-DE", avatar="hans"))
    run.run(0.1)
    run.send("say", Say(id="one", text="Hallo."))
    run.run(0.3)
    assert run.sent("speech/sentence", text="Hallo.")[-1].locale == "de-DE"
    run.send("speech/transcript", Transcript(text="mot " * 200, locale=""))
    run.run(0.3)
    assert run.sent("speech/sentence")[-1].locale == "de-DE", "and understands it"
    run.send("say", Say("web", id="two", text="Hello."))
    run.run(0.3)
    assert run.sent("speech/sentence", text="Hello.")[-1].locale == "en-US", "others do not"


def held(stage: DialogueStage) -> int:
    """How much all that the stage keeps in tables is."""
    return sum(len(value) for value in vars(stage).values() if isinstance(value, dict | list | set))
