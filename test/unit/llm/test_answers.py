"""Local answers: which question, which words, how often the same, and the file's mistakes."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from avatar_ros.answers.file import Answers
from avatar_ros.answers.matcher import Matcher
from avatar_ros.asr import sphinx as questions
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import ChatMessage, Prompt
from avatar_ros.llm.answers import AnswersSettings, LocalAnswers, load_answers
from avatar_ros.llm.base import LlmSettings
from avatar_ros.speech.phrase_grammar import expand

NOW = datetime(2026, 11, 21, 15, 15)

#: As people ask who have not read the file; the first word is the question's name, "-" where the file has no answer.
ASKED = """
time could you tell me the exact time right now please
time do you know what time it is right now
date what date do we have today, please?
toilets I'm looking for the ladies room
toilets where are your toilets
exit how do I get out of this building
lift do you have an elevator in this building
wifi what's the WiFi password please
tickets what does a ticket cost
opening_hours at what time do you open
joke please tell me another funny joke
goodbye okay bye bye then
- what is the capital of australia
- how many people live in china
- where is the nearest hospital
- can you order a pizza for me
- who wrote romeo and juliet
- what time does the concert begin in the other town
- 2 + 2
- 洗手间在哪里
- tell me about the history of toilets in ancient rome
""".strip().splitlines()


@pytest.fixture(scope="module")
def shipped() -> Answers:
    return load_answers(share_file("config/answers.yaml"))


@pytest.fixture(scope="module")
def matcher(shipped: Answers) -> Matcher:
    return Matcher(shipped, AnswersSettings().fuzzy_threshold)


class Kiosk:
    def __init__(self, path: str = "config/answers.yaml", **settings) -> None:
        own = AnswersSettings(**{"seed": 7, **settings})
        self.chat = LocalAnswers(LlmSettings(answers_file=path), own, now=lambda: NOW)
        self.chat.load()
        self.history: list[ChatMessage] = []
        self.now_s = 0.0

    def ask(self, text: str, **fields) -> str:
        answer = self.chat.ask(Prompt(text=text, history=tuple(self.history), **fields), self.now_s, lambda: None)
        (said,) = answer.take(self.now_s)
        assert answer.done
        return said

    def talk(self, text: str) -> str:
        said = self.ask(text)
        self.history += [ChatMessage("user", text), ChatMessage("assistant", re.sub(r"\[\w+\] ?", "", said))]
        return said


def test_every_pattern_of_the_file_asks_its_own_question(shipped, matcher):
    for intent in shipped.intents:
        for words in expand(intent.phrases, 3000)[::37]:
            assert matcher.find(" ".join(words)) == intent


@pytest.mark.parametrize("line", ASKED)
def test_free_wording(matcher, line):
    expected, _, text = line.partition(" ")
    found = matcher.find(text)
    assert (found.name if found else "-") == expected


def test_patterns_alone_where_nothing_else_counts(shipped):
    strict = Matcher(shipped, 1.0)
    assert strict.find("excuse me, what is the time?")
    assert strict.find("could you tell me the exact time right now please") is None


def test_places_of_numbers_are_not_closed_up(matcher):
    assert matcher.exact("what time is it") and not matcher.exact("what 3 time is it")


def test_answers_are_filled_in():
    kiosk = Kiosk()
    for _ in range(6):
        assert "a quarter past three in the afternoon" in kiosk.ask("what time is it")
        assert "November twenty-first, twenty twenty-six" in kiosk.ask("what is the date today")
        assert "down the corridor" in kiosk.ask("where is the toilet")
        assert "{" not in kiosk.ask("what can you do")


def test_every_answer_of_the_file_can_be_said(shipped):
    kiosk = Kiosk()
    kiosk.talk("what time is it")
    for intent in shipped.intents:
        question = " ".join(expand(intent.phrases, 1)[0])
        for _ in range(2 * len(intent.answers)):
            said = kiosk.ask(question)
            assert said and not re.search(r"[{}]", said)


def test_not_the_same_twice_in_a_row_and_all_of_them_in_time(shipped):
    kiosk = Kiosk()
    said = [kiosk.ask("tell me a joke") for _ in range(60)]
    assert all(a != b for a, b in pairwise(said))
    joke = next(intent for intent in shipped.intents if intent.name == "joke")
    assert set(said) == set(joke.answers)


def test_sessions_do_not_share_their_variants_and_seeds_repeat():
    def course(kiosk: Kiosk, session: str) -> list[str]:
        return [kiosk.ask("tell me a joke", session=session) for _ in range(5)]

    assert course(Kiosk(), "a") == course(Kiosk(), "b")
    assert course(Kiosk(seed=1), "a") != course(Kiosk(seed=5), "a")


def test_what_is_not_understood_is_answered_politely_then_with_suggestions(shipped):
    kiosk = Kiosk()
    assert kiosk.ask("", rejected=True) in shipped.not_understood
    second = kiosk.ask("xyzzy plugh")
    assert sum(intent.suggest in second for intent in shipped.intents if intent.suggest) >= 3
    kiosk.ask("what time is it")
    assert kiosk.ask("xyzzy plugh") in shipped.not_understood


def test_rejected_text_is_not_taken_for_a_question(shipped):
    assert Kiosk().ask("what time is it", rejected=True) in shipped.not_understood


def test_somebody_else_begins_anew(shipped):
    kiosk = Kiosk(session_ttl_s=60.0)
    kiosk.ask("xyzzy")
    kiosk.now_s = 61.0
    assert kiosk.ask("xyzzy") in shipped.not_understood
    kiosk.chat.forget("local")
    assert kiosk.ask("xyzzy") in shipped.not_understood


def test_repeats_what_was_said_however_often_and_not_its_own_preface():
    kiosk = Kiosk()
    first = re.sub(r"\[\w+\] ?", "", kiosk.talk("where is the exit"))
    for _ in range(8):
        said = kiosk.talk("can you repeat that")
        assert said.endswith(first) and said.count("I said") <= 1
    assert kiosk.talk("speak louder please").count(first) == 1


def test_nothing_to_repeat_yet(shipped):
    assert Kiosk().ask("can you repeat that") in shipped.not_understood


MINIMAL = """
locale: en-US
facts: {place: the zoo}
intents:
  - name: hello
    phrases: [hello, yes]
    answers: ["Welcome to {place}."]
not_understood: ["Pardon?"]
"""


def write(folder: Path, text: str) -> str:
    path = folder / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_small_file_is_enough(tmp_path):
    kiosk = Kiosk(write(tmp_path, MINIMAL))
    assert kiosk.ask("hello") == kiosk.ask("Yes!") == "Welcome to the zoo."
    assert [kiosk.ask("xyzzy") for _ in range(3)] == ["Pardon?"] * 3


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("phrases: [hello, yes]", "phrases: ['hello (you']", 6, "')' is missing"),
        ("phrases: [hello, yes]", "phrases: [<who>]", 6, "<who> is not defined"),
        ("phrases: [hello, yes]", "phrases: hello", 6, "list"),
        ("phrases: [hello, yes]", "phrases: []", 6, "list"),
        ("phrases: [hello, yes]", "phrase: [hello]", 6, "unknown entry 'phrase'"),
        ("    phrases: [hello, yes]\n", "", 5, "'phrases' is missing"),
        ("{place}.", "{plaice}.", 7, "{plaice}"),
        ('answers: ["Welcome to {place}."]', "answers: [[a]]", 7, "text"),
        ('answers: ["Welcome to {place}."]', "answers: ['']", 7, "text"),
        ("- name: hello", "- name: [a]", 5, "text"),
        ("facts: {place: the zoo}", "facts: {time: now}", 3, "built-in"),
        ("facts: {place: the zoo}", "facts: [a]", 3, "name: text"),
        ("facts: {place: the zoo}", "facts: {Place: x}", 3, "small letters"),
        ("facts: {place: the zoo}", "facts: {place: a, place: b}", 3, "twice"),
        ("locale: en-US", "local: en-US", 2, "unknown entry 'local'"),
        ("locale: en-US", "loc\u202eale: en-US", 2, r"unknown entry 'loc\u202eale'"),
        ("not_understood:", "suggestions: ['Ask me.']\nnot_understood:", 8, "{examples}"),
        ("  - name: hello", "  - {name: hello, phrases: [hi], answers: [a]}\n  - name: hello", 6, "twice"),
        ("facts: {place", "facts: {place\x07", 3, "YAML"),
        ("locale: en-US", "locale: [en", 3, "YAML"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, old, new, line, what):
    assert old in MINIMAL
    path = write(tmp_path, MINIMAL.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_answers(Path(path))
    text = str(caught.value)
    assert caught.value.code == "answers_file" and path in text and what in text
    assert f"line {line}" in text or "\x07" in new


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"just words", b"- a\n- b", b"intents: []"])
def test_file_that_is_something_else(tmp_path, content):
    path = tmp_path / "answers.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        load_answers(path)


@pytest.mark.parametrize("read", [load_answers, questions.load])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[" * 100_000, "levels deep"),
        (MINIMAL.replace("facts: {place: the zoo}", "facts: {? [a, b] : c}"), "facts: a name"),
        ("? {a: b}\n: c\n" + MINIMAL, "a name: must be a text"),
        (MINIMAL.replace("{place: the zoo}", "&a {x: *a}"), "must be a text"),
        (MINIMAL.replace("phrases: [hello, yes]", "phrases: [" + "a " * 100_000 + "]"), "words in a row"),
        ("!!python/object/apply:os.system ['id']", "must have the entries"),
    ],
)
def test_both_readers_refuse_what_would_crash_them(tmp_path, read, content, what):
    """Those who answer and those who listen read the same file; a hundred thousand brackets ended the interpreter."""
    path = Path(write(tmp_path, content))
    with pytest.raises(ConfigError, match=what) as caught:
        read(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < 2000


def test_a_file_whose_patterns_come_to_too_much_is_refused(tmp_path):
    part = " | ".join(f"{chr(97 + i // 26 % 26)}{chr(97 + i % 26)}{'z' * (i // 676)} {'x ' * 9}" for i in range(1900))
    intents = "".join(f"\n  - {{name: n{i}, phrases: [<p>], answers: [a]}}" for i in range(9))
    text = f'parts: {{p: "{part}"}}\nintents:{intents}\nnot_understood: [what]\n'
    with pytest.raises(ConfigError, match="all patterns so far"):
        load_answers(Path(write(tmp_path, text)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    path = tmp_path / "answers.yaml"
    path.write_bytes(MINIMAL.encode(encoding))
    assert questions.load(path).intents == load_answers(path).intents


def test_missing_file_is_named():
    with pytest.raises(ConfigError, match=re.escape("config/nowhere.yaml")):
        Kiosk("config/nowhere.yaml")
