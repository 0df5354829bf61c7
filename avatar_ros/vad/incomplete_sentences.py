"""Words that a sentence cannot well end with: whoever stops after one is thinking. Which they are, says the language's
file in config/locales; here is what a list cannot say.
"""

from __future__ import annotations

import yaml

from ..core.locales import per_language

#: Of a locale: last words of unfinished sentences; last letters, where a language puts no spaces between words.
last_words = per_language(yaml, lambda language: language.last_words, frozenset())
last_letters = per_language(yaml, lambda language: language.last_letters, ())

QUESTION_WORDS = frozenset("what who where when which why how whose whom".split())
BE = frozenset("is are was were am".split())
_PRONOUNS = frozenset("i you he she it we they this that these those there".split())
_DETERMINERS = frozenset("the a an my your our his her its their this that these those".split())
_STRANDED = frozenset("for from like about with in on of to at by".split())
_DEMONSTRATIVES = frozenset("this that these those there".split())


def is_whole_question(words: list[str]) -> bool:
    """Whether an English sentence is a question that may end with the word that it ends with.

    words: lower case. "What that is", "how much is it for" and "what is that" are whole, though most sentences go on
    after "is", "for" and "that"; "what time is", "how do I get to" and "what is the" are not.
    """
    asked = [place for place, word in enumerate(words) if word in QUESTION_WORDS]
    rest = words[asked[-1] + 1 :] if asked else []
    if len(rest) < 2:
        return False
    last, before = rest[-1], rest[-2]
    if last in BE:
        return before in _PRONOUNS or (rest[0] in _DETERMINERS and len(rest) > 2)
    if last in ("do", "have", "want", "like", "mean") and before in _PRONOUNS:
        return True
    if last in _DEMONSTRATIVES:
        return before in BE
    far = words[asked[-1]] == "how" and rest[0] != "much"  # "how far is it from"
    return last in _STRANDED and before in _PRONOUNS and len(rest) > 2 and rest[-3] in BE and not far
