"""Addresses of the web, of which the host is said; entities of HTML; inline code, which is read."""

from __future__ import annotations

import html
import re

from .inline import Inline
from .marks import ANY, GONE
from .scanner import shape, wait_if

_URL_BEGINS = shape("[hH]", "[tT]", "[tT]", "[pP]", "[sS]?", ":", "/", "/")
_WWW = shape("[wW]", "[wW]", "[wW]", r"\.", r"\w")
_URL = re.compile(rf"(?:[^\s<>()\[\]\"'“”（）、。，！？；：》」』】*{ANY}]|\([^\s()]{{0,100}}+\)){{0,2000}}+")
_URL_BEGUN = re.compile(_URL.pattern + r"(?:\([^\s()]{0,100}+)?")
_HOST = re.compile(r"(?:https?://)?(?:[^/?#@]*@)?(?:www\.)?([^/?#]*)", re.IGNORECASE)
_ENTITY = shape("&", r"[#\w]{1,32}+", ";")
_CODE = shape("(?P<ticks>`{1,2}+)", r"[^`\n]{1,300}+", "`{1,2}+")
#: Signs that entities may stand for, besides letters and what a keyboard has.
_SIGNS = frozenset("—–…’‘“”„€£¥°×÷±≤≥≠→←·•©®™¿¡«»")


class Addresses(Inline):
    """Each of them is known by how it begins."""

    def _address(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if self._before.isalnum():
            return self._give(text[at], out, at + 1)
        kind = _URL_BEGINS if text[at] in "hH" else _WWW
        if not kind.at(text, at, last):
            return self._give(text[at], out, at + 1)
        wait_if(not last and _URL_BEGUN.fullmatch(text, at))
        body = _URL.match(text, at)
        assert body is not None
        address = body[0].rstrip(".,;:!?_~|")
        host = _HOST.match(address)
        return self._give((host[1] if host else "") + body[0][len(address) :], out, body.end())

    def _entity(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = _ENTITY.at(text, at, last)
        character = html.unescape(found[0]) if found else ""
        if found is None or character == found[0]:
            return self._give("&", out, at + 1)
        seen = (c if (c.isascii() and c.isprintable()) or c.isalnum() or c in _SIGNS else " " for c in character)
        return self._give("".join(seen), out, found.end())

    def _code(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = _CODE.at(text, at, last)
        if found is None:
            end = at + 1
            return self._take_out(out, end)
        wait_if(found.end() == len(text) and not last)
        return self._give(found[0].strip("`").strip() or GONE, out, found.end())
