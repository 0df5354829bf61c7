"""A turn from the question to the last sound."""

from __future__ import annotations

from dialogue_talk import EPOCH, Talk

from avatar_ros.core.enums import AgentState, InterruptAction, PlaybackState, SessionKind, VoiceKind
from avatar_ros.core.types import PlaybackClock, Reply, Transcript

IDLE, LISTENING, THINKING, SPEAKING = AgentState.IDLE, AgentState.LISTENING, AgentState.THINKING, AgentState.SPEAKING


def test_a_whole_turn_passes_through_the_states_in_order() -> None:
    talk = Talk(idle_after_s=30.0)
    talk.ask("hello", locale="en-GB")
    talk.reply("Hi. How are you?")
    talk.play()
    talk.end()
    talk.run(31.0)
    assert talk.states == [LISTENING, THINKING, SPEAKING, LISTENING, IDLE]
    assert (talk.prompt.text, talk.prompt.epoch, talk.prompt.turn, talk.prompt.locale) == ("hello", EPOCH, 1, "en-GB")
    sentences = talk.sent("speech/sentence")
    assert [(s.index, s.text, s.last, s.locale, s.turn) for s in sentences] == [
        (0, "Hi.", False, "en-GB", 1),
        (1, "How are you?", True, "en-GB", 1),
    ]
    assert not talk.orders


def test_sentences_go_out_as_they_arrive_and_an_empty_one_closes_the_turn() -> None:
    talk = Talk()
    talk.ask("hello")
    talk.reply("[happy] Hel", 0, final=False)
    assert talk.sentences == []
    talk.reply("lo there. I", 1, final=False)
    talk.reply(" am here. ", 2, final=False)
    talk.reply("", 3)
    sentences = talk.sent("speech/sentence")
    assert [(s.index, s.text, s.expression, s.last) for s in sentences] == [
        (0, "Hello there.", "happy", False),
        (1, "I am here.", "", False),
        (2, "", "", True),
    ]


def test_pieces_that_come_twice_late_or_for_another_turn_are_ignored() -> None:
    talk = Talk()
    talk.ask("hello")
    talk.reply("One. ", 0, final=False)
    talk.reply("One. ", 0, final=False)
    talk.reply("Other. ", 1, turn=9)
    talk.tell("dialogue/reply", Reply("local", EPOCH - 1, 1, 1, "Old. ", True))
    talk.reply("Two. ", 1)
    talk.reply("Three. ", 2)
    assert talk.sentences == ["One.", "Two."]


def test_the_history_tells_what_was_asked_and_said() -> None:
    talk = Talk()
    talk.answer("one?", "First. [sad] Second.")
    talk.end()
    talk.ask("two?")
    assert talk.history == ["u: one?", "a: First. Second."]


def test_the_history_is_bounded() -> None:
    talk = Talk(history_messages=2)
    for i in range(4):
        talk.answer(f"question {i}", f"Answer {i}.")
        talk.end()
    talk.ask("last")
    assert talk.history == ["u: question 3", "a: Answer 3."]


def test_the_next_person_finds_no_history() -> None:
    talk = Talk(idle_after_s=5.0)
    talk.answer("my name is Bob", "Hello Bob.")
    talk.end()
    talk.run(6.0)
    assert talk.state is IDLE
    talk.ask("who am I")
    assert talk.history == []


def test_a_transcript_counts_once() -> None:
    talk = Talk()
    talk.ask("hello")
    talk.words("hello")
    talk.reply("Hi.")
    talk.play()
    talk.end()
    talk.words("hello")
    assert talk.prompts == ["hello"]


def test_numbers_that_begin_anew_are_a_restarted_vad() -> None:
    talk = Talk()
    for _ in range(3):
        talk.answer("hello", "Hi.")
        talk.end()
    talk.utterance = 0
    talk.ask("again")
    assert talk.prompts[-1] == "again"


def test_a_straggling_transcript_is_dropped() -> None:
    talk = Talk(hear_patience_s=2.0)
    talk.speak()
    talk.run(0.5)
    talk.hush()
    talk.run(3.0)
    talk.words("hello")
    assert talk.prompts == []


def test_typed_words_need_no_voice() -> None:
    talk = Talk()
    for _ in range(2):
        talk.tell("speech/transcript", Transcript(utterance=0, text="hello"))
        talk.reply("Hi.")
        talk.play()
        talk.end()
    assert talk.prompts == ["hello", "hello"]


def test_partial_transcripts_ask_nothing() -> None:
    talk = Talk()
    talk.speak()
    talk.words("what time is it now", final=False)
    assert talk.prompts == []
    assert talk.states == [LISTENING]


def test_what_was_not_understood_is_asked_about_but_not_remembered() -> None:
    talk = Talk()
    talk.ask("", rejected=True)
    assert talk.prompt.rejected
    talk.reply("Sorry?")
    talk.play()
    talk.end()
    talk.ask("hello")
    assert not talk.prompt.rejected
    assert talk.history == []


def test_noise_is_not_answered_while_idle() -> None:
    talk = Talk()
    talk.ask("", voice_s=0.4, rejected=True)
    assert talk.states == [LISTENING, IDLE]
    talk.ask("")
    assert talk.state is IDLE
    assert talk.prompts == []
    eager = Talk(ignore_noise=False)
    eager.ask("", voice_s=0.4, rejected=True)
    assert len(eager.prompts) == 1


def test_in_a_conversation_short_sounds_are_asked_about() -> None:
    talk = Talk()
    talk.answer("hello", "Hi.")
    talk.end()
    talk.ask("", voice_s=0.4, rejected=True)
    assert len(talk.prompts) == 2


def test_it_does_not_apologise_for_ever() -> None:
    talk = Talk(rejected_in_a_row=2)
    for _ in range(5):
        talk.ask("", rejected=True)
        talk.reply("Sorry?")
        talk.play()
        talk.end()
    assert len(talk.prompts) == 2
    talk.answer("hello", "Hi.")
    talk.end()
    talk.ask("", rejected=True)
    assert len(talk.prompts) == 4


def test_five_hundred_words_are_answered_politely() -> None:
    """Typed, or from a program: by voice that takes minutes (test_long_speech.py)."""
    talk = Talk(too_long="Too long.")
    talk.tell("speech/transcript", Transcript(utterance=0, text="word " * 500))
    assert talk.prompts == []
    assert talk.sentences == ["Too long."]
    talk.play()
    talk.end()
    talk.ask("short")
    assert talk.history == []


def test_a_voice_that_never_ends_does_not_hang_the_state() -> None:
    talk = Talk(longest_voice_s=10.0)
    talk.speak()
    talk.run(9.0)
    assert talk.state is LISTENING
    talk.run(2.0)
    assert talk.state is IDLE


def test_an_llm_that_never_answers_is_given_up() -> None:
    talk = Talk(think_patience_s=4.0, apology="Sorry.")
    talk.ask("hello")
    talk.run(5.0)
    assert talk.orders == [(InterruptAction.CANCEL, 1, "no_answer")]
    assert [(s.turn, s.text, s.last) for s in talk.sent("speech/sentence")] == [(2, "Sorry.", True)]
    talk.play()
    talk.end()
    assert talk.state is LISTENING
    talk.answer("again", "Hi.")
    assert talk.state is SPEAKING


def test_an_llm_that_hangs_in_the_middle_lets_the_turn_end() -> None:
    talk = Talk(think_patience_s=4.0, apology="Sorry.")
    talk.ask("hello")
    talk.reply("One. And tw", final=False)
    talk.keep_playing(3.0)
    talk.play(0, 1.0, PlaybackState.STARVED)
    talk.run(2.0)
    assert [(s.text, s.last) for s in talk.sent("speech/sentence")] == [("One.", False), ("Sorry.", True)]
    talk.reply("o.", 1)
    talk.end()
    assert talk.state is LISTENING
    assert not talk.orders


def test_an_answer_without_words_is_an_apology() -> None:
    talk = Talk(apology="Sorry.")
    talk.ask("hello")
    talk.reply(" [happy] ...")
    assert [(s.text, s.last, s.turn) for s in talk.sent("speech/sentence")] == [("Sorry.", True, 1)]


def test_a_dead_speaker_does_not_hang_the_state() -> None:
    talk = Talk(speak_patience_s=3.0)
    talk.ask("hello")
    talk.reply("Hi.")
    talk.run(4.0)
    assert talk.orders == [(InterruptAction.CANCEL, 1, "no_sound")]
    assert talk.state is LISTENING
    talk.ask("again")
    assert talk.history == ["u: hello"]


def test_a_speaker_that_dies_while_it_plays_does_not_either() -> None:
    talk = Talk(speak_patience_s=3.0)
    talk.answer("hello", "Hi.")
    talk.keep_playing(20.0)
    assert talk.state is SPEAKING
    talk.run(3.5)
    assert talk.state is LISTENING
    assert talk.actions == [InterruptAction.CANCEL]


def test_waiting_for_the_llm_is_not_waiting_for_the_voice() -> None:
    talk = Talk(speak_patience_s=3.0, think_patience_s=20.0)
    talk.ask("hello")
    talk.reply("One. ", final=False)
    talk.keep_playing(1.0)
    talk.play(0, 1.0, PlaybackState.STARVED)
    talk.run(10.0)
    assert not talk.orders
    talk.reply("Two.", 1)
    talk.run(4.0)
    assert talk.orders == [(InterruptAction.CANCEL, 1, "no_sound")]


def test_a_turn_that_ends_without_sound_ends() -> None:
    talk = Talk()
    talk.ask("hello")
    talk.reply("Hi.")
    talk.end()
    assert talk.states == [LISTENING, THINKING, LISTENING]


def test_the_greeting_opens_the_first_answer_to_somebody_new() -> None:
    talk = Talk(greeting="Welcome!", idle_after_s=5.0)
    talk.ask("where is the exit")
    assert talk.sentences == ["Welcome!"]
    talk.reply("Behind you.")
    talk.play()
    talk.end()
    assert [(s.index, s.text, s.last) for s in talk.sent("speech/sentence")] == [
        (0, "Welcome!", False),
        (1, "Behind you.", True),
    ]
    talk.answer("thanks", "Sure.")
    talk.end()
    assert talk.sentences[2:] == ["Sure."]
    talk.run(6.0)
    talk.ask("hello")
    assert talk.sentences[3:] == ["Welcome!"]


def test_the_greeting_at_the_start_waits_for_the_others() -> None:
    talk = Talk(greeting="Welcome!", greet_when="start", greet_delay_s=2.0)
    talk.run(1.9)
    assert talk.sentences == []
    talk.run(0.2)
    assert talk.sentences == ["Welcome!"]
    talk.play()
    talk.end()
    talk.answer("hello", "Hi.")
    assert talk.sentences == ["Welcome!", "Hi."]


def test_the_farewell_is_said_once_and_then_it_is_idle() -> None:
    talk = Talk(farewell="Goodbye!", idle_after_s=5.0)
    talk.run(20.0)
    assert talk.sentences == []
    talk.answer("hello", "Hi.")
    talk.end()
    talk.run(6.0)
    assert talk.sentences[-1] == "Goodbye!"
    talk.play()
    talk.end()
    assert talk.state is IDLE
    talk.run(30.0)
    assert talk.sentences.count("Goodbye!") == 1


def test_a_farewell_that_nobody_can_hear_is_not_repeated() -> None:
    talk = Talk(farewell="Goodbye!", idle_after_s=5.0, speak_patience_s=2.0)
    talk.ask("hello")
    talk.run(60.0)
    assert talk.state is IDLE
    assert talk.sentences.count("Goodbye!") == 1


def test_sound_of_a_dead_dialogue_is_silenced() -> None:
    talk = Talk()
    talk.run(1.0)
    for _ in range(3):
        talk.play(epoch=EPOCH - 1, turn=12)
    assert talk.orders == [(InterruptAction.CANCEL, 12, "stale")]
    assert talk.cancels()[0].epoch == EPOCH - 1
    talk.run(1.0)
    talk.play(epoch=EPOCH - 1, turn=12, state=PlaybackState.ENDED)
    assert len(talk.orders) == 1


def test_sound_of_a_cancelled_turn_is_silenced_again() -> None:
    talk = Talk()
    talk.answer("hello", "Hi there you.")
    talk.ask("stop")
    talk.play(turn=1)
    assert len(talk.cancels()) == 1  # this clock was under way already
    talk.run(1.0)
    talk.play(turn=1)
    assert [order.turn for order in talk.cancels()] == [1, 1]


def test_other_sessions_have_conversations_of_their_own() -> None:
    talk = Talk(session_ttl_s=60.0)
    talk.ask("hello")
    talk.tell("speech/transcript", Transcript(session="web", utterance=1, text="hi"))
    opened = talk.sent("session", kind=SessionKind.OPENED)
    assert [(event.session, event.ttl_s) for event in opened] == [("web", 60.0)]
    assert [(p.session, p.turn) for p in talk.sent("dialogue/prompt")] == [("local", 1), ("web", 1)]
    talk.run(90.0)
    assert [event.session for event in talk.sent("session", kind=SessionKind.CLOSED)] == ["web"]


def test_stray_replies_and_clocks_open_no_session() -> None:
    talk = Talk()
    talk.tell("dialogue/reply", Reply("web", EPOCH, 1, 0, "Hi.", True))
    talk.tell("speech/playback", PlaybackClock("web", EPOCH, 1))
    assert not talk.sent("session")


def test_the_state_is_told_on_change_only() -> None:
    talk = Talk()
    talk.run(100.0)
    assert talk.states == []
    talk.voice(VoiceKind.STARTED, 1)
    talk.voice(VoiceKind.STARTED, 1)
    assert talk.states == [LISTENING]
