"""An answer that breaks off: what was complete is said, and then an apology."""

from __future__ import annotations

from dialogue_talk import Talk

from avatar_ros.core.enums import PlaybackState


def spoken(talk: Talk) -> list[tuple[int, str, bool]]:
    return [(s.turn, s.text, s.last) for s in talk.sent("speech/sentence")]


def broken(*pieces: str, **settings: object) -> Talk:
    """The stream ends behind these pieces: its last Reply leaves a gap in `seq`."""
    talk = Talk(apology="Sorry.", **settings)
    talk.ask("where is the exit")
    for seq, text in enumerate(pieces):
        talk.reply(text, seq, final=False)
    talk.reply("", len(pieces) + 1)
    return talk


def test_half_a_sentence_is_not_spoken_as_if_it_were_whole() -> None:
    talk = broken("It is near. Take the second", " door on the")
    assert spoken(talk) == [(1, "It is near.", False), (1, "Sorry.", True)]
    talk.play()
    talk.end()
    talk.ask("again")
    assert talk.history == ["u: where is the exit", "a: It is near. Sorry."]


def test_where_nothing_was_complete_there_is_only_the_apology() -> None:
    assert spoken(broken("Take the second door on the")) == [(1, "Sorry.", True)]


def test_an_answer_that_lacks_nothing_that_one_would_notice_needs_no_apology() -> None:
    assert spoken(broken("Take the second door.")) == [(1, "Take the second door.", True)]
    assert spoken(broken("It is near. ", "Is it not?")) == [(1, "It is near.", False), (1, "Is it not?", True)]
    assert spoken(broken("It is near. ")) == [(1, "It is near.", False), (1, "", True)]


def test_a_sentence_that_was_spoken_up_to_a_comma_is_none() -> None:
    talk = broken("Take the second door on the left side, and ", first_clause_characters=20)
    assert [text for _, text, _ in spoken(talk)] == ["Take the second door on the left side,", "Sorry."]


def test_an_answer_without_a_full_stop_is_whole_where_the_stream_did_not_break() -> None:
    talk = Talk()
    talk.ask("how many")
    talk.reply("It is forty", 0, final=False)
    talk.reply(" two", 1)
    assert spoken(talk) == [(1, "It is forty two", True)]


def test_a_stream_that_hangs_ends_likewise() -> None:
    talk = Talk(apology="Sorry.", think_patience_s=4.0)
    talk.ask("where is the exit")
    talk.reply("It is near. Take the second door on the", final=False)
    talk.keep_playing(3.0)
    talk.play(0, 1.0, PlaybackState.STARVED)
    talk.run(2.0)
    assert spoken(talk) == [(1, "It is near.", False), (1, "Sorry.", True)]
    assert not talk.orders
