"""What is parsed or ordered on the way of a turn, for all inputs: text, replies, `say`, utterances, sound."""

import json
from itertools import chain, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")
from hypothesis import assume
from hypothesis import strategies as st

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.enums import MarkKind, PlaybackState, SayWhen, VoiceKind
from avatar_ros.core.events import Say, SpeechFault
from avatar_ros.core.locales import load_language
from avatar_ros.core.types import PlaybackClock, Reply, Sentence, SpeechChunk, Transcript, VoiceActivity
from avatar_ros.dialogue.backchannels import plain
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.cleaning.cleaner import Cleaner
from avatar_ros.dialogue.fixed_texts import ListeningWords
from avatar_ros.dialogue.history import History
from avatar_ros.dialogue.reply import ReplyReader
from avatar_ros.dialogue.say_queue import SayQueue
from avatar_ros.dialogue.sentences import SentenceCutter
from avatar_ros.dialogue.split_utterances import joined
from avatar_ros.dialogue.turn import Source, Turn
from avatar_ros.dialogue.user_speech import UserSpeechTracker
from avatar_ros.llm.event_stream import EventStream
from avatar_ros.tts.base import Part, TtsSettings, VoiceMark
from avatar_ros.tts.decode import decode
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.sentence import SpokenSentence
from avatar_ros.tts.stage import TtsStage
from avatar_ros.tts.synthesis_job import DirectJob
from avatar_ros.tts.text import clean, nearest, split
from avatar_ros.tts.trim_leading_silence import MOST_S, trim_leading_silence
from fuzz import samples
from fuzz.every import every


def letters(text):
    return [character for character in text if character.isalnum()]


def pieces_of(whole, cuts):
    """`whole`, cut at these places (modulo its length)."""
    ends = sorted(cut % (len(whole) + 1) for cut in cuts)
    return [whole[a:b] for a, b in pairwise([0, *ends, len(whole)])]


CUTS = st.one_of(st.lists(st.integers(0, 10_000), max_size=30), st.just(range(300)))
#: What the steps of cleaning and the cutter look for, and what looks like it.
TOKENS = st.sampled_from(
    [
        *(
            "word",
            "two words",
            " ",
            "  ",
            "\n",
            ". ",
            ".",
            "! ",
            "?",
            "…",
            ", ",
            "; ",
            "字。",
            "你好",
            "，",
            "é",
            "x" * 40,
        ),
        *(
            "Mr. ",
            "e.g. ",
            "No. 5",
            "3.14",
            "1. ",
            "J. S",
            "e\u0301",
            "😊",
            "\u200d",
            "\ud83d",
            "User: ",
            "Okay, the user asks",
        ),
        *(
            "[happy]",
            "[sad",
            "]",
            "[1]",
            "(laughs)",
            "*smiles*",
            "**",
            "*",
            "_",
            "`",
            "```",
            "~~",
            "|",
            "# ",
            "- ",
            "> ",
        ),
        *("<think>", "</think>", "<|im_end|>", "<br>", "</s>", '{"name": 1}', "{", "$5", "$x^2$", "\\frac{1}{2}"),
        *("https://a.b/c?d", "www.x.org", "&amp;"),
    ]
)
TEXT = st.one_of(st.lists(TOKENS, max_size=25).map("".join), st.text(max_size=80))
LIMITS = st.fixed_dictionaries(
    {"first_clause_length": st.integers(5, 90), "clause_length": st.integers(5, 90), "max_length": st.integers(10, 90)}
)


def cut(pieces, **limits):
    cutter = SentenceCutter(**limits)
    return [*chain.from_iterable(map(cutter.feed, pieces)), *cutter.finish()]


# --- text -------------------------------------------------------------------------------------------------------------


@every(text=TEXT, cuts=CUTS, limits=LIMITS)
def test_the_pieces_of_a_text_change_neither_its_cleaning_nor_its_sentences(text, cuts, limits):
    pieces = pieces_of(text, cuts)
    one, many = Cleaner(), Cleaner()
    cleaned = one.feed(text) + one.finish()
    assert "".join(map(many.feed, pieces)) + many.finish() == cleaned
    lines = cut(pieces, **limits)
    assert lines == cut([text], **limits)
    assert all(letters(line.text) and line.text == " ".join(line.text.split()) for line in lines)
    assert all(len(line.text) <= limits["max_length"] for line in lines)


@every(text=st.text("ab1 .,;!?。，字é\n\t\"'…", max_size=200), limits=LIMITS)
def test_sentences_hold_every_letter_of_plain_text_once(text, limits):
    assert list(chain.from_iterable(letters(line.text) for line in cut([text], **limits))) == letters(text)


@every(text=st.text("ab字 .,;。！-\"'\n", max_size=300), limit=st.integers(40, 120))
def test_parts_of_a_sentence_fit_the_voice_and_hold_all_of_it(text, limit):
    parts = split(clean(text), limit)
    assert all(part and len(part) <= limit and part == part.strip() for part in parts)
    assert "".join(parts).replace(" ", "") == ("".join(text.split()) if letters(text) else "")


TAGS = st.from_regex(r"[a-zA-Z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", fullmatch=True)
CODES = st.from_regex(r"[a-z]{2,3}(-[a-z]{2,5})?", fullmatch=True)
SPOKEN = st.lists(st.sampled_from(load_language(yaml, "en").backchannels), min_size=1, max_size=3)


@every(locale=st.one_of(st.text(max_size=20), TAGS), known=st.lists(CODES, max_size=6))
def test_any_locale_gets_a_voice_that_exists(locale, known):
    voice, speaks = nearest(locale, {"de": "wanted"}, known, "default")
    assert voice in {*known, "wanted"} if speaks else voice == "default"
    assert nearest("de-AT", {"de": "wanted"}, known, "default") == ("wanted", True)


@every(spoken=SPOKEN, mark=st.sampled_from(", .!…"))
def test_backchannels_in_a_row_are_one_and_with_another_word_are_none(spoken, mark):
    phrases, text = ListeningWords(DialogueSettings()).backchannels("en"), f"{mark} ".join(spoken)
    assume(len(plain(text)) <= 60)
    assert phrases.match(text.upper()) and not phrases.match(text + " elephant")
    assert all(phrases.may_become(phrase[:n]) for phrase in spoken[:1] for n in range(1, len(phrase) + 1))


# --- the turn ---------------------------------------------------------------------------------------------------------


@every(texts=st.lists(TEXT, min_size=1, max_size=6), order=st.lists(st.integers(0, 5), max_size=12))
def test_a_reply_is_read_in_order_whatever_comes_twice_late_or_never(texts, order):
    """Accepted is what is newer than all before; a gap before the end says that the answer broke off."""
    reader, accepted, next_seq, broken, lines = ReplyReader(SentenceCutter()), "", 0, None, []
    for seq in (n for n in order if n < len(texts)):
        lines += reader.feed(Reply(seq=seq, text=texts[seq], final=seq == len(texts) - 1))
        if broken is None and seq >= next_seq:
            accepted += texts[seq]
            broken = seq > next_seq if seq == len(texts) - 1 else None
            next_seq = seq + 1
    while reader.waiting:
        lines += reader.read()
    whole = cut([accepted])
    assert lines == whole[: len(lines)] and reader.done == (broken is not None)
    assert lines == whole or broken is not False


WHENS = st.sampled_from([SayWhen(number) for number in (1, 1, 1, 2, 3, 9)])
ACTS = st.one_of(
    st.tuples(st.sampled_from("abc"), WHENS, st.sampled_from(["x", "xxxxxx", "!"])),
    st.tuples(st.just("withdraw"), st.sampled_from("abc")),
    st.sampled_from(["pop", "drop"]),
)


@every(acts=st.lists(ACTS, max_size=40), limit=st.integers(1, 4))
def test_each_say_is_spoken_or_refused_once_and_in_order(acts, limit):
    queue, added, spoken, results = SayQueue(limit, 5), [], [], []
    for number, act in enumerate(acts):
        if act == "pop":
            spoken += [say] if (say := queue.pop()) else []
            assert queue.next_when() in (None, SayWhen.QUEUE), "what is urgent was first"
        elif act == "drop":
            results += queue.drop("stopped")
        elif act[0] == "withdraw":
            results += queue.withdraw(act[1])
        else:
            added.append(Say(id=act[0], text=act[2], when=act[1], stamp_ns=number))
            results += queue.add(added[-1])
        assert len(queue) <= limit
    while (say := queue.pop()) is not None:
        spoken.append(say)
    assert [say.stamp_ns for say in spoken] == sorted(say.stamp_ns for say in spoken)
    assert sorted([say.id for say in spoken] + [result.id for result in results]) == sorted(say.id for say in added)
    assert not any(result.done or not result.reason for result in results)


@every(
    lines=st.lists(st.text("ab ", max_size=9), max_size=20), messages=st.integers(0, 6), characters=st.integers(0, 20)
)
def test_history_is_the_end_of_what_was_said(lines, messages, characters):
    history, said = History(messages, characters), [line.strip() for line in lines if line.strip()]
    for line in lines:
        history.add("user", line)
    kept = [message.text for message in history.messages()]
    assert kept == said[len(said) - len(kept) :] and len(kept) <= messages and sum(map(len, kept)) <= characters
    more = said[len(said) - len(kept) - 1 :]
    assert kept == said or len(more) > messages or sum(map(len, more)) > characters, "no more was forgotten than must"


@every(
    texts=st.lists(st.sampled_from(["One two.", "你好吗？", "Three four five."]), min_size=1, max_size=5),
    places=st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1)), max_size=3),
    fault=st.integers(0, 4),
    complete=st.booleans(),
)
def test_a_turn_that_is_said_again_loses_no_sentence_and_says_none_twice(texts, places, fault, complete):
    turn = Turn(1, Source.ANSWER, "en", 0.0)
    for index, text in enumerate(texts):
        turn.add(Sentence(turn=1, index=index, text=text), 0.0)
    turn.complete = complete
    heard_in_full = []
    for number, (sentence, progress) in enumerate(places, 2):
        before = list(turn.sentences)
        clock = PlaybackClock(turn=turn.number, sentence=sentence % len(before), sentence_progress=progress,
                              state=PlaybackState.PLAYING) if before else None  # fmt: skip
        if clock:
            turn.played(clock, 1.0)
        turn.restart(number, 2.0)
        left = [sentence.text for sentence in turn.sentences if sentence.text]
        heard_in_full += [s.text for s in before if s.text][: len([s for s in before if s.text]) - len(left)]
        assert heard_in_full + left == texts and turn.heard_before == turn.heard
        assert [s.index for s in turn.sentences] == list(range(len(turn.sentences)))
        assert {s.turn for s in turn.sentences} <= {number} and (not complete or turn.sentences)
    assert letters(turn.heard) == letters("".join(heard_in_full))
    if turn.sentences:
        turn.faults[fault % len(turn.sentences)] = SpeechFault(spoken=0.0)
        last = PlaybackClock(turn=turn.number, sentence=len(turn.sentences) - 1, sentence_progress=1.0)
        turn.played(last, 3.0)
        assert turn.played_in_full == complete


STEPS = st.tuples(st.sampled_from(["start", "stop", "final", "tick"]), st.integers(1, 6), st.floats(0, 8))


@every(steps=st.lists(STEPS, max_size=40))
def test_each_utterance_is_transcribed_or_given_up_once_and_in_order(steps):
    tracker, now_s, over = UserSpeechTracker(5.0, 25.0), 0.0, []
    newest = 0
    for step, number, pause_s in steps:
        now_s += pause_s
        voice = VoiceActivity(utterance=number, kind=VoiceKind.STARTED, steady_ns=ns_from_s(now_s))
        if step == "start":
            if number <= newest:
                over.clear()  # vad_node was restarted: it counts anew
            tracker.started(voice, now_s)
            newest = number - 1 if number <= newest else newest
        elif step == "stop":
            tracker.stopped(voice, now_s)
        elif step == "final":
            utterance = tracker.transcribed(Transcript(utterance=number, text="a"), now_s)
            skipped = tracker.take_skipped()
            assert all(u.number < number for u in skipped)
            over += [number] if utterance else []
        else:
            over += [u.number for u in tracker.expire(now_s)]
        newest = max([newest, *over])
        assert len(over) == len(set(over)), "once each"
        pending = [u.number for u in tracker.pending()]
        assert len(pending) == len(set(pending)) and not set(pending) & set(over)
        assert tracker.busy == bool(pending) and sum(u.ongoing for u in tracker.pending()) <= 1


TRANSCRIPTS = st.builds(Transcript, text=st.sampled_from(["", "one.", "two", "三"]), rejected=st.booleans(),
                        events=st.sampled_from([(), ("too_quiet",), ("laughter",)]))  # fmt: skip


@every(pieces=st.lists(TRANSCRIPTS, min_size=1, max_size=5))
def test_joined_pieces_hold_the_words_that_were_understood(pieces):
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = joined(whole, piece)
    understood = [piece for piece in pieces if piece.text and not piece.rejected]
    if understood:
        assert letters(whole.text) == letters("".join(piece.text for piece in understood)) and not whole.rejected
    quiet = all("too_quiet" in piece.events for piece in pieces)
    assert ("too_quiet" in whole.events) == quiet


# --- the answer's stream ----------------------------------------------------------------------------------------------

VALUES = st.one_of(st.none(), st.integers(), st.text(max_size=6))
OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["a", "choices", "é"]), VALUES, min_size=1, max_size=3), min_size=1, max_size=5
)


@every(values=OBJECTS, cuts=CUTS, kind=st.sampled_from(["lines", "events", "long events"]), done=st.booleans())
def test_an_event_stream_gives_its_objects_however_it_is_cut(values, cuts, kind, done):
    """Lines of JSON; server-sent events; events of several lines each, with an empty line behind each."""
    rows = [json.dumps(value, ensure_ascii=done, indent=0 if kind == "long events" else None) for value in values]
    for end in ("\n", "\r\n", "\r"):
        events = ["data:" + row.replace("\n", f"{end}data: ") for row in [*rows, *["[DONE]"] * done]]
        between = end * 2 if kind == "long events" else end
        body = "".join(row + between for row in (rows if kind == "lines" else events)).encode()
        for pieces in (pieces_of(body, cuts), [bytes([byte]) for byte in body]):
            stream = EventStream()
            assert [value for piece in pieces for value in stream.feed(piece)] + list(stream.finish()) == values
            assert stream.done == (len(values) == 1 if kind == "lines" else done)


# --- sound ------------------------------------------------------------------------------------------------------------

RATES = st.sampled_from([8000, 16000, 22050, 24000, 48000])


@every(count=st.integers(0, 400), cuts=CUTS, rate=RATES, wav=st.booleans(), number=st.integers(0, 1000))
def test_streamed_sound_is_the_same_however_it_is_cut(count, cuts, rate, wav, number):
    pcm = np.random.default_rng(number).integers(-2000, 2000, count + 10).astype("<i2")
    raw = pcm.tobytes()
    assume(wav or (raw[:1] not in (b"{", b"<") and raw[:2] != b"ID" and raw[0] != 0xFF))
    body = samples.riff(samples.form(16, 1, rate), samples.chunk(b"data", raw)) if wav else raw
    parts = list(decode([piece for piece in pieces_of(body, cuts) if piece], rate))
    np.testing.assert_array_equal(np.concatenate([part.pcm for part in parts]), pcm)
    assert {part.sample_rate_hz for part in parts} == {rate}


def as_parts(pcm, cuts, rate, mark_at_s=()):
    marks = tuple(VoiceMark(MarkKind.WORD, "w", at_s, at_s + 0.01) for at_s in mark_at_s)
    return [Part(piece, rate, marks if not i else ()) for i, piece in enumerate(pieces_of(pcm, cuts))]


@every(lead_s=st.floats(0, 1), cuts=CUTS, rate=RATES)
def test_leading_silence_is_trimmed_alike_however_the_sound_is_cut(lead_s, cuts, rate):
    pcm = np.concatenate([np.zeros(round(lead_s * rate)), np.full(rate // 10, 5000)]).astype(np.int16)
    loud_s = round(lead_s * rate) / rate
    given = list(trim_leading_silence(as_parts(pcm, cuts, rate, (loud_s,))))
    whole = list(trim_leading_silence(as_parts(pcm, (), rate, (loud_s,))))
    np.testing.assert_array_equal(*(np.concatenate([part.pcm for part in parts]) for parts in (given, whole)))
    sound = np.concatenate([part.pcm for part in given])
    first = int(np.flatnonzero(sound)[0])
    (mark,) = [mark for part in given for mark in part.marks]
    assert mark.start_s * rate == pytest.approx(first, abs=1)
    assert len(pcm) - len(sound) <= MOST_S * rate + 1 and (first <= 0.003 * rate + 1 or lead_s > MOST_S)


UTTERANCES = st.lists(st.tuples(RATES, st.integers(1, 3000), CUTS), min_size=1, max_size=3)


@every(utterances=UTTERANCES, takes=st.integers(1, 999))
def test_a_sentence_is_as_long_as_its_voice_was_whatever_its_rates_and_pieces(utterances, takes):
    rate, waiting = 24000, list(utterances)

    def synthesize(_):
        in_rate, count, cuts = waiting.pop(0)
        return DirectJob(iter(as_parts(np.full(count, 1000, np.int16), cuts, in_rate, (0.0,))))

    spoken = SpokenSentence(Sentence(text="x"), ["x"] * len(utterances), synthesize, rate, 0.1)
    spoken.announce(100)
    taken, marks = [], []
    while not spoken.synthesized or spoken.ready:
        spoken.work(takes)
        taken.append(len(spoken.take(takes)))
        marks += spoken.take_marks()
    lengths = [round(count * rate / in_rate) for in_rate, count, _ in utterances]
    assert sum(taken) == sum(lengths) + round(0.1 * rate)
    assert [mark.start_sample for mark in marks] == [100 + sum(lengths[:i]) for i in range(len(lengths))]


@every(words=st.lists(st.integers(0, 4), min_size=1, max_size=4), turns=st.integers(1, 2))
def test_chunks_of_a_turn_follow_each_other_without_gap_and_end_once(words, turns):
    stage, now_s, out = TtsStage(TtsSettings(backend="fake"), FakeVoice(SimpleNamespace())), 100.0, []
    for turn in range(1, turns + 1):
        for index, count in enumerate(words):
            sentence = Sentence(turn=turn, index=index, text="word " * count, last=index == len(words) - 1)
            out += stage.push("speech/sentence", sentence, now_s)
    while stage.tick_period_s and now_s < 200.0:
        now_s += 0.04
        out += stage.tick(now_s)
    chunks = [item.message for item in out if isinstance(item.message, SpeechChunk)]
    for turn in range(1, turns + 1):
        mine = [chunk for chunk in chunks if chunk.turn == turn]
        assert [chunk.first_sample for chunk in mine] == [sum(len(c.pcm) for c in mine[:i]) for i in range(len(mine))]
        assert [chunk.turn_end for chunk in mine] == [False] * (len(mine) - 1) + [True]
        assert [chunk.sentence for chunk in mine if chunk.sentence_end] == list(range(len(words)))
    assert [chunk.turn for chunk in chunks] == sorted(chunk.turn for chunk in chunks)
