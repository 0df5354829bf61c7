"""What models write and what is heard of it, one right answer each; how the text is cut into pieces does not matter."""

from __future__ import annotations

import random
import string

import pytest

from avatar_ros.dialogue.cleaning.cleaner import Cleaner, cleaned
from avatar_ros.dialogue.cleaning.marks import FORGET

THOUGHTS = [
    ("assistantfinalHello.", "Hello."),
    ('commentary to=functions.get code{"a": 1}assistantfinalHi.', "Hi."),
    ("<Thinking>\nhm\n</Thinking>\nHi.", "Hi."),
    ("<think >a</think >Hi. <inner_monologue>x</inner_monologue>Yes.", "Hi. Yes."),
    ("<|thinking|>a<|/thinking|>Hi. <|think|>a<|end_think|>Yes.", "Hi. Yes."),
    ("Hello.</think>", "Hello."),
    ("<think>hm", ""),
    ("<THINK>a</THINK>Hi.", "Hi."),
    ("Sure. <think>x</think>Hello there.", "Sure. Hello there."),
    ("<think></think>\n<think>More thinking.</think>\nHello there.", "Hello there."),
    ("<|begin_of_thought|>x<|end_of_thought|><|begin_of_solution|>Hi.<|end_of_solution|>", "Hi."),
    ("<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>Hi.<|END_RESPONSE|>", "Hi."),
    ("<scratchpad>x</scratchpad>Hi. <reflection>y</reflection>Bye.", "Hi. Bye."),
    ("<|channel>thought\nhm<channel|>Hi.<turn|>", "Hi."),
    ("<think><think>a</think>Hello.", "Hello."),
    ('<|channel|>commentary to=functions.get_hours <|constrain|>json<|message|>{"a":1}<|call|>', ""),
    ("<|channel|>analysis<|message|>x<|end|><|channel|>final<|message|>Hi.<|return|>", "Hi."),
    ("<|channel|>assistant<|message|>Hi.<|end|>", "Hi."),
    ("The `<think>` tag is open.", "The think tag is open."),
    ('<details type="reasoning" done="true">x</details>Hi.', "Hi."),
    ("Okay, the visitor centre opens at nine.", "Okay, the visitor centre opens at nine."),
    ("Hmm, I should greet back politely.\n</think>\nHello.", "Hello."),
    ("We need to answer briefly. The hours are 9 to 5.</think>We open at nine.", "We open at nine."),
    ("So, let me think. The user wants the toilets.\n\n</think>\nOn the left.", "On the left."),
    (
        "<|channel|>analysis<|message|>User greets.<|end|><|st"
        "art|>assistant<|channel|>final<|message|>Hello there.",
        "Hello there.",
    ),
    ("Okay, the user greets me. I should greet back.\n</think>\n\nHello there.", "Hello there."),
    ('analysisWe need to answer "What is 2+2?". Four.assistantfinalfour', "four"),
    (
        "[THINK]hm[/THINK]Hi. ◁think▷x◁/think▷ There <seed:thi"
        "nk>x</seed:think>you <unused94>thought\ny<unused95>are.",
        "Hi. There you are.",
    ),
    ("<think>a <think>b</think> c</think>Hello", "Hello"),
]  # fmt: skip

TOKENS = [
    ("Hi.\n\nuser\nWhat?", "Hi."),
    ("assistant\nHi.\nassistant\nmore", "Hi."),
    ("user\nWhat?\nassistant\nHi.", "Hi."),
    ("A user\nsees it.", "A user\nsees it."),
    ("<|assistant|>\nHi.<|user|>\nx", "Hi."),
    ("The total is 42<|return|>", "The total is 42"),
    ("Hello.<|end|>\n<|user|>\nMore?<|end|>", "Hello."),
    ("<s> Hello. </s>", "Hello."),
    ("<s>old</s> new", "old"),
    ("Was <s>5</s> now 4.", "Was 5 now 4."),
    ("Hello.<end_of_turn>\n<start_of_turn>user\nx", "Hello."),
    ("<start_of_turn>model\nHello.<end_of_turn>", "Hello."),
    ("<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nx", "Hello."),
    ("[INST] q [/INST] Hello.", "Hello."),
    ("Hello. [INST] q [/INST] x", "Hello."),
    ("Hello.\n\nHuman: x", "Hello."),
    ("Assistant: Hello.", "Hello."),
    ("User: q\nAssistant: Hello.", "Hello."),
    ("Hello.\n**User:** x", "Hello."),
    ("Hello.\n### Instruction:\nx", "Hello."),
    ("<answer>Hi.</answer>", "Hi."),
    ("<|begin_of_box|>42<|end_of_box|>", "42"),
    ("Hello.<|endoftext|>Question: x", "Hello."),
    ("Hello.<｜end▁of▁sentence｜><｜User｜>x", "Hello."),
    ("Welcome here.<|im_end|>", "Welcome here."),
    (
        "Welcome here.<|eot_id|><|start_header_id|>user"
        "<|end_header_id|>\n\nWhen do you close?<|eot_id|>",
        "Welcome here.",
    ),
    ("Welcome here.\nUser: When do you close?\nAssistant: At six.", "Welcome here."),
    ("Let us see.\nAnswer: 42.", "Let us see.\nAnswer: 42."),
    ("Adult: 9\nVisitor: 3", "Adult: 9\nVisitor: 3"),
]  # fmt: skip

CALLS = [
    ('[get_weather(city="Bern"), get_hours()] Ok.', "Ok."),
    ('to=functions.get_weather json{"a": 1}', ""),
    ("{'name': 'x', 'arguments': {}} Ok.", "Ok."),
    ('I will look. <tool_call>{"name": "x"}</tool_call> Done.', "I will look. Done."),
    ("<function=get_time>{}</function>", ""),
    ('<function_calls><invoke name="x"><parameter name="y">z</parameter></invoke></function_calls>Ok.', "Ok."),
    ("<|python_tag|>get(x)<|eom_id|>", ""),
    ('<|tool_call|>[{"name":"x"}]<|/tool_call|>Hi.', "Hi."),
    ('<|action_start|><|plugin|>{"name": 1}<|action_end|>Hi.', "Hi."),
    ('```json\n{"name": "x"}\n```', ""),
    ('[{"name": "x", "arguments": {}}] Ok.', "Ok."),
    (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.x:0<|tool_cal"
        'l_argument_begin|>{"a":1}<|tool_call_end|><|tool_calls_section_end|>Hi.',
        "Hi.",
    ),
    ('<minimax:tool_call><invoke name="x"></invoke></minimax:tool_call>Hi.', "Hi."),
    ('<tool_call>\n{"name": "get_hours", "arguments": {}}\n</tool_call>', ""),
    ('[TOOL_CALLS][{"name":"x","arguments":{}}]', ""),
    ('functions.get_hours:0{"day":"today"} Done.', "Done."),
    ('{"name": "get_hours", "parameters": {"a": "}"}}', ""),
    (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜too"
        "l▁sep｜>get<｜tool▁calls▁end｜>Done.<｜end▁of▁sentence｜>",
        "Done.",
    ),
]  # fmt: skip

MARKUP = [
    ("One ([1]), two [[2]].", "One, two."),
    ("Z̸̢͎a̵͔͋l̶̗̚g̴͙̾o̴ and ế", "Zalgo and ế"),
    (">=5 or <=6", ">=5 or <=6"),
    ("\\(5^\\circ C\\)", "5°C"),
    ("Note: 5 people", "Note: 5 people"),
    ("~~~\ncode\n~~~\nText.", "Text."),
    ("   ```py\n x\n   ```\nText.", "Text."),
    ("Text.\n```\ncode", "Text."),
    ("````md\n```\nx\n```\n````\nHi.", "Hi."),
    ("Use `<b>` and `x = 1`.", "Use b and x = 1."),
    ("A | B\n---|---\n1 | 2", "A, B\n1, 2"),
    ("| a | b |\n|:-:|--:|\n| | 2 |", "a, b\n2"),
    ("$$x^2$$ ok $x$ and $\\alpha$", "x² ok x and α"),
    ("\\(x_1 \\times \\frac{a}{b}\\)", "x1 × a/b"),
    ("$20 - $30 for two", "$20 - $30 for two"),
    ("It's $5.", "It's $5."),
    ("US$5, A$6", "US$5, A$6"),
    ("$5 million and 3$", "$5 million and 3$"),
    ("&#8364;5 &nbsp; &#x27;a&#x27; &lt;b&gt; AT&T R&D;", "€5 'a' <b> AT&T R&D;"),
    ("A[^1] b.\n\n[^1]: The note.\nEnd.", "A b.\nEnd."),
    ("Yes [citation needed]. (source: Wikipedia) Yes", "Yes. Yes"),
    ("[Tea](http://x.org) and ![map](m.png) [[1]](http://x) ok", "Tea and map ok"),
    ("See [text][ref].\n[ref]: http://x.org\nOk", "See text.\nOk"),
    ("turn \ue200cite\ue202turn0search0\ue201.", "turn."),
    ("(laughs) Hi (see page 3) (Twice.) [sighs] [page 3]", "Hi (see page 3) (Twice.) [page 3]"),
    ("Well _waves_ hi. The play *Hamlet* is *really* good.", "Well hi. The play Hamlet is really good."),
    ("*tilts head* Hm.", "Hm."),
    ("*lächelt* Hallo!", "Hallo!"),
    ("*微笑*欢迎。", "欢迎。"),
    ("（微笑）欢迎。", "欢迎。"),
    ("*Note* that. *really* good", "Note that. really good"),
    ("Welcome \ud83d\ude00 here \ud83d.", "Welcome here."),
    ("We open \x00 at nine.", "We open at nine."),
    ("\ufeffHi\u200b there\u202e.", "Hi there."),
    ("H̵̶̷̸̀́ello", "Hello"),
    ("été", "été"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("5* hotel, **bold** ***both*** ~~gone~~ ==mark==", "5* hotel, bold both gone mark"),
    ("2 ** 3, a == b, ~5, x_1, __init__", "2 3, a == b, ~5, x_1, init"),
    ("C# and F#, #1, 10:30, a.b@c.de, 50%", "C# and F#, #1, 10:30, a.b@c.de, 50%"),
    ("if a<b and c>d then", "if a<b and c>d then"),
    ("x <3 y", "x <3 y"),
    ("Line one  \nline two\\\nline three", "Line one\nline two\nline three"),
    ("what???!!! No!!!", "what?! No!"),
    ("20 ℃, 5 ㎡", "20 ℃, 5 ㎡"),
    ("𝗕𝗼𝗹𝗱", "Bold"),
    ("1\\. Tea \\*star\\*", "1. Tea *star*"),
    ("Mail <me@x.org> or <https://x.org/a>.", "Mail me@x.org or x.org."),
    ("<!-- x --><p>Hi</p><br/>there", "Hi\nthere"),
    ("- one\n- two\n* three\n+ four\n1) five", "one\ntwo\nthree\nfour\n1) five"),
    ("Hi.\n---\nBye.\n\n***\n===\n", "Hi.\nBye."),
    ("Price: -5 degrees", "Price: -5 degrees"),
    ("-5 degrees", "-5 degrees"),
    ("Great!😊How", "Great! How"),
    ("1️⃣ Tea", "1 Tea"),
    ("♪ la ♪", "la"),
    ("[happy] Hello [laughs] you.", "Hello you."),
    ("**[happy]** Hi", "Hi"),
    ('Say "Hi" & go', 'Say "Hi" & go'),
    ("See https://en.wikipedia.org/wiki/Foo_(bar), ok. (https://x.org)", "See en.wikipedia.org, ok. (x.org)"),
    ("Use this:\n\n```python\nfor i in range(3):\n    print(i)\n```\n\nThen it works.", "Use this:\nThen it works."),
    ("Prices:\n\n| Ticket | Price |\n|---|---|\n| Adult | 9 |\n\nEnjoy.", "Prices:\nTicket, Price\nAdult, 9\nEnjoy."),
    ("It is $E = mc^2$.\n\n\\[\n\\frac{1}{2} m v^2\n\\]\n\nThat is all.", "It is E = mc².\n1/2 m v²\nThat is all."),
    ("Fish &amp; chips cost &lt; 5 euros &mdash; it&#39;s cheap.", "Fish & chips cost < 5 euros — it's cheap."),
    ("It opened in 1987 [1][2]. It has 40 rooms【4:0†source】.", "It opened in 1987. It has 40 rooms."),
    ("If x < 3 and 2 * 3 = 6, stop.", "If x < 3 and 2 * 3 = 6, stop."),
    ("*smiles warmly* Welcome here! *waves*", "Welcome here!"),
    (
        "It costs $5 and $7. Or $5-$7"
        ', C# 3*4, snake_case, "#1" <3',
        'It costs $5 and $7. Or $5-$7, C# 3*4, snake_case, "#1" <3',
    ),
    ("**Bold** and _thin_ and `code`, see [the page](https://x.org/a?b=1).", "Bold and thin and code, see the page."),
    ("Go to https://www.example.com/x/y?z=1, now.", "Go to example.com, now."),
    ("a <b>tag</b> a ```print(1)``` b. H<sub>2</sub>O", "a tag a b. H2O"),
    ("- [x] Tea\n- [ ] Coffee\n> quote\n# Title\n***\n1. one\n2. two", "Tea\nCoffee\nquote\nTitle\n1. one\n2. two"),
    ("Hi 👋🏽 there 👨\u200d👩\u200d👧 ❤️!", "Hi there!"),
    ("▁Hello▁there.", "Hello there."),
    ("你好[1]。欢迎【注意】这里。", "你好。欢迎【注意】这里。"),
    ("a\x00b\x1b[31mc\u200bd", "a bcd"),
    ("Ça va? Ünïcödé é", "Ça va? Ünïcödé é"),
    ("It costs $3.50 (20 °C).", "It costs $3.50 (20 °C)."),
]  # fmt: skip

#: What is meant for a terminal, and escapes of JSON that were escaped once more.
ESCAPES = [
    ("\x1b[1;31mRed\x1b[0m text", "Red text"),
    ("\x1b[38;2;255;0;0mRed\x1b[mder", "Redder"),
    ("\x9b31mRed\x9b0m", "Red"),
    ("\x1b[?25lHi\x1b[2K\rthere\x1b[?25h", "Hi\nthere"),
    ("\x1b]8;;https://a.b\x07link\x1b]8;;\x1b\\ here", "link here"),
    ("\x1b]0;a title\x07Hello", "Hello"),
    ("\x1b]0;never closed\nHello", "Hello"),
    ("\x1b(BHello \x1bthere", "Hello there"),
    ("\\x1b[31mRed\\033[0m \\u001b[1mand\\e[0m bold", "Red and bold"),
    ("^[[31mRed^[[0m", "Red"),
    ("␛[31mRed", "Red"),
    ("caf\\u00e9 \\ud83d\\ude00 ok", "café ok"),
    ("Hello.\\n\\nThere:\\tYou\\nAnd I", "Hello.\nThere: You\nAnd I"),
    ("the \\nu of \\(\\nabla f\\)", "the ν of ∇ f"),
]  # fmt: skip
#: Footnotes, and powers as Pandoc writes them.
NOTES = [
    ("Water is wet^[1].", "Water is wet."),
    ("Water is wet^[1,2] and cold.", "Water is wet and cold."),
    ("Water^[A note, [with](http://a.b) a link.] is wet.", "Water is wet."),
    ("Water is wet\\[1\\] and cold \\[^2\\].", "Water is wet and cold."),
    ("It is 5 m^2^ large.", "It is 5 m² large."),
    ("2^10 ^ 3", "2^10 ^ 3"),
]
#: Answers that came as JSON.
ENVELOPES = [
    ('{"answer": "Hello there."}', "Hello there."),
    (' \ufeff{"answer": "Hello.", "confidence": 0.9}', "Hello."),
    ('```json\n{\n "reply": "Say \\\\"hi\\\\".\\\\nAll."\n}\n```\nBye.'.replace("\\\\", "\\"), 'Say "hi".\nAll.\nBye.'),
    ('{"thought": "They ask; {hm}", "mood": {"text_": "x"}, "response": "Caf\\u00e9."} Bye.', "Café. Bye."),
    ('{"message": {"role": "assistant", "content": "Hi you."}}', "Hi you."),
    ('{"answer": ["Hello.", "There."], "sources": ["a", "b"]}', "Hello.\nThere."),
    ("{'answer': 'Hello.'}", "Hello."),
    ('{"answer": 42}', "42"),
    ('<think>They ask.</think>\n{"answer": "Hello."}', "Hello."),
    ('{"answer": "It is cut o', "It is cut o"),
    ('{"degrees": 20, "sky": "blue"}', '"degrees": 20, "sky": "blue"'),
    ('{"name": "get_hours", "arguments": {"text": "x"}}', ""),
    ('Write {"answer": "x"} there.', 'Write "answer": "x" there.'),
    ("{name}, hello.", "name, hello."),
]  # fmt: skip

ALL = [*THOUGHTS, *TOKENS, *CALLS, *MARKUP, *ESCAPES, *NOTES, *ENVELOPES]
#: What constructs are made of, to be put together in every order.
FRAGMENTS = [
    *(text for text, _ in ALL), *"`*_~[](){}$<>|&!\\\n #-=:'\"\u0301\u200d\ud83d\ude00",
    *("```", "~~~", "**", "__", "$$", "<|", "|>", "<think>", "</think>", "<b>", "</s>", "User:", "\nUser: ", "1. "),
    *("# ", "http://a.b/c", "www.x.org", "&amp;", "【", "】", "\ue200", "\ue201", "é", "e\u0301", "👋"),
    *('{"name":', "functions.a:0{", "[1]", "[happy]", "[laughs]", "*smiles*", "(laughs)", "(source: x)", "![a](b)"),
    *("[x](y)", "\\frac", "\\(", "\\]", "$5", "5$", "x = 1", "Okay, the user ", "<|im_start|>user\n", "<|channel|>"),
    *("\x1b", "\x1b[3", "\x1b]8;;", "\x07", "\x9b", "\\x1b[0m", "\\u00e", "\\n", "^[", "^", "^2^"),
    *('{"answer": "', '"}', '{"a":', "```json", "<|message|>", "final", "|---|", "<!--"),
]  # fmt: skip


def run(pieces: list[str]) -> str:
    cleaner = Cleaner()
    return "".join(map(cleaner.feed, pieces)) + cleaner.finish()


@pytest.mark.parametrize(("text", "heard"), ALL)
def test_what_is_heard(text: str, heard: str) -> None:
    assert cleaned(text) == heard
    assert "".join(c for c in run(list(text)) if c < "\U000f0000").strip() == heard, "character by character"


def test_how_a_text_is_cut_into_pieces_does_not_matter() -> None:
    rng = random.Random(5)
    for _ in range(600):
        text = "".join(rng.choice(FRAGMENTS) for _ in range(rng.randrange(1, 8)))
        cuts = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randrange(8)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert run(pieces) == run([text]) == run(list(text)), repr(text)


def test_what_is_clean_stays_as_it_is() -> None:
    for _, heard in ALL:
        if "<" not in heard and "*" not in heard and "\n" not in heard:
            assert cleaned(heard) == heard


def test_plain_text_is_passed_on_at_once() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("Hello there. ") == "Hello there. "
    assert cleaner.feed("How are you? I").startswith("How are you? ")
    assert Cleaner().feed("It costs $5 and, for children, ") == "It costs $5 and, for children,"


def test_a_thought_that_was_not_opened_is_forgotten_where_it_was_not_held() -> None:
    cleaner = Cleaner()
    spoken = cleaner.feed("Tea is three euros. I say so.")
    assert spoken == "Tea is three euros. I say so."
    assert cleaner.feed("</think>Tea costs three. ") == FORGET + "Tea costs three. "


def test_what_might_be_a_thought_is_held_until_it_is_known_to_be_none() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("Okay, the user wants the opening hours. They are nine to five. ") == ""
    assert cleaner.finish().startswith("Okay, the user wants")
    assert Cleaner().feed("Okay, our museum opens at nine every day but Monday. W").startswith("Okay, our museum")


def test_what_is_held_is_bounded_and_nothing_explodes() -> None:
    """Held text does not grow with the input. A quadratic step would take minutes here."""
    rng = random.Random(3)
    openers = [text for text in FRAGMENTS if len(text) < 12] + list(string.printable[:20])
    for fragment in openers:
        cleaner = Cleaner()
        for _ in range(8):
            cleaner.feed(fragment * 200)
            held = [getattr(step, "_held", "") for step in cleaner._steps]
            assert all(len(part) <= 21000 for part in held), fragment
    cleaner = Cleaner()
    for _ in range(200):
        cleaner.feed("".join(rng.choice(openers) for _ in range(100)))
