"""The markers that models write among their words, and what each of them says.

Names are those of the models' chat templates: ChatML (Qwen, Yi), Llama, Gemma, Phi, Mistral, DeepSeek, GLM, Kimi,
MiniMax, Seed, Granite, Command R, InternLM, EXAONE, MedGemma, Apertus, harmony (gpt-oss); and HTML's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from .scanner import Shape, shape


class Says(Enum):
    """What a marker says."""

    NOTHING = auto()  # it is only taken out
    LINE = auto()  # a new line
    CELL = auto()  # a new cell of a table
    THOUGHT = auto()
    THOUGHT_END = auto()
    MUTE = auto()  # a tool call, a script: what is not for people
    HEADER = auto()  # the name of who speaks, or of a channel, follows
    HEADER_END = auto()
    OTHERS = auto()  # another role's turn follows
    OURS = auto()  # the assistant's turn follows
    MESSAGE_END = auto()  # harmony's; the end of Phi's turn
    END = auto()  # of the turn


_THINK = (
    r"(?:[a-z]\w*:|ant|inner_|internal_|deep_|self_)?(?:think(?:ing)?|thoughts?|thought_process|reason(?:ing)?|"
    r"reflect(?:ion)?|scratch_?pad|analysis|monologue|planning|cot|chain_of_thought|rationale)"
)
_TOOL = (
    r"(?:[a-z]\w*:|｜?dsml｜)?(?:tools?|tool_?calls?(?:_section)?|tool_(?:use|code|outputs?|results?|responses?|request)|"
    r"functions?(?:_calls?|_results?)?|invoke|parameter|plugin|action|execute\w*|python_tag|available_tools)"
)
#: Form, "/" where it closes, name. Forms: "<" element, "|" token, "[" capitals in brackets, "g" Gemma 4's <|open> and
#: <close|>.
_TABLE = tuple(
    (says, re.compile(pattern))
    for says, pattern in (
        (Says.THOUGHT, rf"[<|\[◁g](?:(?:begin|start)_(?:of_)?)?{_THINK}|.{_THINK}_(?:begin|start)"
                       r"|<unused94|\|inner_prefix|gchannel"),
        (Says.THOUGHT_END, rf".(?:/|end_(?:of_)?){_THINK}|.{_THINK}_end|<unused95|\|inner_suffix|g/channel"),
        (Says.MUTE, rf"[<|\[g]/?(?:(?:begin|start|end)_(?:of_)?)?{_TOOL}(?:_(?:begin|start|end))?"
                    r"|</?(?:script|style|svg|math|iframe|title|artifact|antartifact|details_reasoning)"),
        (Says.HEADER, r"\|(?:im_start|start_header_id|start_of_turn(?:_token)?|start_of_role|start|channel|"
                      r"im_(?:user|assistant|system))|<start_of_turn|gturn"),
        (Says.HEADER_END, r"\|(?:end_header_id|end_of_role|message|im_middle|im_sep)"),
        (Says.OTHERS, r"\|(?:user|human|prompter|system|observation|ipython)(?:_token)?|\[(?:inst|system_prompt)|<sys"),
        (Says.OURS, r"\|(?:assistant|chatbot|bot|gpt|model)(?:_token)?|\[/(?:inst|system_prompt|available_tools)"),
        (Says.MESSAGE_END, r"\|(?:end|call|return)"),
        (Says.END, r"[<|\[](?:im_end|eo[tsamd](?:_id|_token)?|end_?of_?(?:turn|text|sentence|message|prompt|utterance|"
                   r"dialog)(?:_token)?)|</s|g/turn"),
        (Says.LINE, r"</?(?:br|p|div|li|tr|h[1-6]|ul|ol|table|hr|dt|dd|blockquote|section|article|summary)"),
        (Says.CELL, r"<t[dh]"),
    )
)  # fmt: skip
_AFFIX = re.compile(r"^(?:begin|start|end)_(?:of_)?|_(?:begin|start|end)$")

_QUOTED = r"""=[ ]?(?:"[^"<>\n]{0,200}+"|'[^'<>\n]{0,200}+'|)"""
_BODY = rf"""(?:[^<>\n"',;!=]|{_QUOTED}){{0,300}}+"""
_HALF_QUOTED = r"""(?:(?:(?<==)|(?<==[ ]))(?:"[^"<>\n]{0,200}+|'[^'<>\n]{0,200}+))?"""
_SHAPES: dict[str, Shape] = {
    "<": Shape(
        re.compile(rf"<[A-Za-z/|｜!<]{_BODY}>{{1,2}}"),
        re.compile(rf"<(?:[A-Za-z/|｜!<]{_BODY}(?:{_HALF_QUOTED}|>))?"),
    ),
    "[": shape(r"\[", "[/|]?", "[A-Za-z_]", r"\w{1,30}+", r"\|?", r"\]"),
    "◁": shape("◁", "/?", r"\w{1,20}+", "▷"),
}
_ELEMENT = re.compile(
    r"""(?P<name>[A-Za-z][\w:.-]*)(?:=[\w.:-]+)?(?P<more>(?:\s+[\w:.@-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=]+))?)*)\s*/?"""
)
_BARE = re.compile(r"""\s[\w:.@-]+(?!\s*=)(?=\s|$)""")
_HTML = frozenset("a audio button details dialog div form iframe img input ol option script select td th video".split())
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True)
class Marker:
    """A marker in a text. name: without what only says that it begins or ends; words: what of it is to be read."""

    says: Says
    name: str
    closing: bool
    end: int
    words: str = ""


def marker_at(text: str, at: int, last: bool) -> Marker | None:
    """The marker that begins here. Raises UndecidedError."""
    found = _SHAPES[text[at]].at(text, at, last) if text[at] in _SHAPES else None
    if found is None:
        return None
    inner, end = found[0].strip("<>[]◁▷"), found.end()
    left, right = inner.lstrip("/")[:1] in "|｜", inner[-1:] in "|｜"
    name = inner.strip("/|｜ ")
    if not name:
        return None
    if left or right:
        closing = "/" in inner[:2] or not left
        return _named("|" if left and right else "g", closing, name, end)
    if text[at] == "<":
        return _element(inner, end)
    if text[at] == "[" and not name.isupper() and name != "gMASK":
        return None
    return _named(text[at], inner[0] == "/", name, end)


def _element(inner: str, end: int) -> Marker | None:
    """An element of HTML or XML; None for what is only a sign of comparison."""
    if inner.startswith("!"):
        return Marker(Says.NOTHING, "", False, end)
    if _ADDRESS.fullmatch(inner):
        return Marker(Says.NOTHING, "", False, end, inner)
    found = _ELEMENT.fullmatch(inner.lstrip("/ "))
    name = found["name"].lower() if found else ""
    if found is None or (_BARE.search(found["more"]) and name not in _HTML):
        return None
    if inner.endswith("/") and name not in ("br", "hr", "p"):
        return Marker(Says.NOTHING, "", False, end)
    reasoning = name == "details" and "reasoning" in found["more"]
    return _named("<", inner[0] == "/", "details_reasoning" if reasoning else name, end)


def _named(form: str, closing: bool, name: str, end: int) -> Marker:
    plain = name.lower().replace("▁", "_").replace(" ", "_")
    key = form + "/" * closing + plain
    says = next((says for says, pattern in _TABLE if pattern.fullmatch(key)), Says.NOTHING)
    ends = closing or plain.startswith("end_") or plain.endswith("_end")
    return Marker(says, _AFFIX.sub("", plain).removesuffix("_reasoning"), ends, end)
