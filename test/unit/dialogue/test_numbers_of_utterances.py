"""Numbers of utterances that cannot be, and voices that never end: nobody is deaf for it."""

from dialogue_talk import Talk

from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.types import Transcript

HUGE = 2**31 - 1


def test_a_huge_number_that_nobody_announced_makes_nobody_deaf():
    talk = Talk()
    talk.tell("speech/transcript", Transcript(utterance=HUGE, text=""))
    talk.tell("speech/transcript", Transcript(utterance=7, text="who are you"))
    assert talk.prompts == ["who are you"]


def test_a_voice_that_seems_to_go_on_gives_way_to_the_next():
    talk = Talk()
    talk.voice(VoiceKind.STARTED, HUGE)
    talk.ask("who are you")
    talk.run(0.5)
    assert talk.prompts == ["who are you"]


def test_a_flood_of_voices_is_bounded():
    talk = Talk()
    for number in range(1, 5001):
        talk.voice(VoiceKind.STARTED, number)
        talk.voice(VoiceKind.STOPPED, number)
    (conversation,) = talk._runners["dialogue"].stage._conversations.values()
    assert len(conversation._user_speech.pending()) <= 17
    talk.run(6.0)  # hear_patience_s
    assert not conversation._user_speech.pending()
