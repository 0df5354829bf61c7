"""Holds an answer back that may turn out to have been a thought: many models close a thought that they did not open.

Holding every answer back would delay every first word, so only those are held that begin as a thought does ("Okay, the
user wants …"); what begins otherwise is passed on at once, and once it was spoken it stays spoken.
"""

from __future__ import annotations

import re

from .marks import FORGET

_PERSON = "(?:user|visitor|guest|person|customer|human)"
_OPENERS = tuple(
    opener.replace("_", " ")
    for opener in """
    okay ok alright all_right hmm hm, so, so_the so_i well, first let_me let's let_us now, we_need we_have we_are
    we_should i_need i_should i_must i_have_to the_user the_visitor the_guest the_person the_customer the_human
    the_question the_query user_ looking_at got_it right, wait thinking thought to_answer this_is_a analysis
    commentary to= assistantfinal assistant_final
    嗯 好的 好， 首先 让我 用户
    """.split()
)
_LONGEST_OPENER = max(map(len, _OPENERS))
#: What is judged: the first sentence, unless it is but an "Okay.", and at most 160 characters.
_JUDGED = re.compile(r"\s*(?s:.{40,160}?)(?:[.!?](?=\s)|[。！？\n])|(?s:.{160})")
_THOUGHT = re.compile(
    rf"\b(?:the|this|our|a) {_PERSON}(?:'s|’s)? (?:\w+ )?(?:ask|want|say|said|greet|is\b|just\b|need|has\b|might|seem|"
    rf"quer|question|message|input|request|would|wrote|sent|mention|told|tell)|"
    rf"\b{_PERSON} (?:asks|wants|says|greets|said)\b|"
    r"\b(?:i|we)(?:'ll)? (?:should|need to|must|have to|can just|could|will|am supposed to) (?:\w+ )?(?:answer|respond|"
    r"reply|greet|be|keep|say|explain|provide|give|mention|consider|think|make|produce|output|check|find|figure|recall|"
    r"follow|use|tell|write|start)\b|\bthe (?:system prompt|instructions)\b|"
    r"用户|访客|ユーザー|пользовател|der (?:nutzer|benutzer|besucher)|l'utilisateur|el usuario",
    re.IGNORECASE,
)
#: Harmony of which the tokens were lost: "analysisThe user …assistantfinalHello".
_LEAKED = re.compile(r"analysis(?=[A-Z])|commentary(?= to=|[A-Z])|to=|assistant\s*final")
_LEAKED_END = re.compile(r"assistant\s*final|final(?=[A-Z])")
#: A thought longer than this is taken for an answer after all.
_MOST_HELD = 20000


class Afterthought:
    """Drops all that came before FORGET where it still can; where it cannot, FORGET is passed on with the rest."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "begins"  # then "judged", perhaps "held", and "passes"

    def feed(self, text: str) -> str:
        """What is certain to be the answer, or cannot be held any longer."""
        if self._state == "passes":
            return text
        self._held, forget, after = (self._held + text).partition(FORGET)
        answer = self._decided()
        if not forget:
            return answer
        dropped, self._held, self._state = self._state != "passes", "", "passes"
        return after if dropped else answer + FORGET + after

    def finish(self) -> str:
        """What was held: it was not said to be a thought."""
        held, self._held, self._state = self._held, "", "passes"
        return "" if _LEAKED.match(held.lstrip()) and not _LEAKED_END.search(held) else held

    def _decided(self) -> str:
        if self._state == "begins":
            start = self._held.lstrip(" \n").lower()[:_LONGEST_OPENER]
            if any(opener.startswith(start) for opener in _OPENERS if len(start) < len(opener)):
                return ""
            self._state = "judged" if start.startswith(_OPENERS) else "over"
        if self._state == "judged":
            leaks, found = _LEAKED.match(self._held.lstrip()), _JUDGED.match(self._held)
            if not leaks and not found:
                return ""
            self._state = "held" if leaks or (found and _THOUGHT.search(found[0])) else "over"
        if self._state == "held" and len(self._held) <= _MOST_HELD:
            return self._leaked()
        held, self._held, self._state = self._held, "", "passes"
        return held

    def _leaked(self) -> str:
        """What follows the last word that is left of harmony's tokens, once it has come."""
        if not _LEAKED.match(self._held.lstrip()) or not (found := _LEAKED_END.search(self._held)):
            return ""
        answer, self._held, self._state = self._held[found.end() :], "", "passes"
        return answer
