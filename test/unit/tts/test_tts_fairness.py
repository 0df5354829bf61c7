"""Many sessions want to be heard: each in its turn, the kiosk's own at every tick."""

from avatar_ros.core.types import LOCAL_SESSION, Sentence
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.stage import _AT_ONCE, _MOST_TURNS, TtsStage


def test_a_tick_sees_to_the_kiosk_and_a_few_others_and_all_are_served():
    settings = TtsSettings(backend="fake")
    stage = TtsStage(settings, FakeVoice(settings))
    sessions = [LOCAL_SESSION, *(f"s{i}" for i in range(3 * _AT_ONCE))]
    text = "A sentence that is long enough to be sent in several pieces, one after the other. " * 4
    for session in sessions:
        list(stage.push("speech/sentence", Sentence(session=session, turn=1, text=text, last=True), 0.0))
    served = set()
    for tick in range(1, 4):
        now = {out.message.session for out in stage.tick(5.0 * tick)}
        assert LOCAL_SESSION in now and len(now) <= 1 + _AT_ONCE
        served |= now
    assert served == set(sessions)


def test_turns_of_a_session_do_not_pile_up():
    settings = TtsSettings(backend="fake")
    stage = TtsStage(settings, FakeVoice(settings))
    for turn in range(1, 1000):
        list(stage.push("speech/sentence", Sentence(turn=turn, text="Hello there. " * 20), 0.0))
    assert len(stage._table.get(LOCAL_SESSION, 0.0).turns) <= _MOST_TURNS
