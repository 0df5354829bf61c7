"""Text frames of a page: read within bounds, else refused without quoting anybody."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar_ros.core.enums import PlaybackState
from avatar_ros.gateway import page_messages as messages
from avatar_ros.gateway.refusal import RefusalError


def read(**fields):
    return messages.read_text(json.dumps(fields))


def test_each_kind_is_read():
    assert read(kind="hello", protocol=1, resume={"key": "k", "seq": 4}) == messages.Hello(resume_key="k", resume_seq=4)
    clock = read(kind="clock", turn=1, sample=480, at_s=2.5, state="playing")
    assert clock == messages.ClockReport(1, 480, 2.5, PlaybackState.PLAYING)
    assert read(kind="text", text=" <b>hi</b> ") == messages.TypedText("<b>hi</b>")
    assert read(kind="interrupt") == messages.StopButton()
    assert read(kind="talk", pressed=True) == messages.TalkPress(True)
    assert read(kind="figures", fps=30, other=5).values == {"fps": 30.0}
    assert read(kind="bye") == messages.Goodbye()


def test_what_is_unknown_is_ignored():
    assert read(kind="dance", steps=3) is None
    assert read(nothing=1) is None


@pytest.mark.parametrize(
    "data",
    [
        "", "{", "[]", "7", "nul", '{"kind":"clock","turn":NaN}', "[" * 10000,
        '{"kind":"hello","protocol":2}', '{"kind":"hello"}', '{"kind":"hello","protocol":1,"resume":[1]}',
        '{"kind":"text","text":""}', '{"kind":"text","text":7}', json.dumps({"kind": "text", "text": "x" * 1001}),
        '{"kind":"text","text":"\\ud800"}',
        '{"kind":"clock","turn":-1,"sample":0,"at_s":0,"state":"playing"}',
        '{"kind":"clock","turn":1,"sample":1.5,"at_s":0,"state":"playing"}',
        '{"kind":"clock","turn":1,"sample":0,"at_s":1e999,"state":"playing"}',
        '{"kind":"clock","turn":1,"sample":0,"at_s":0,"state":"dancing"}',
        '{"kind":"figures","fps":true}', json.dumps({"kind": "bye", "x": "y" * 20000}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(data):
    with pytest.raises(RefusalError):
        messages.read_text(data)


def test_a_refusal_quotes_nobody():
    with pytest.raises(RefusalError) as caught:
        messages.read_text(json.dumps({"kind": "text", "text": "my secret" + "!" * 1000}))
    assert "secret" not in str(caught.value)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["protocol", "resume", "turn", "sample", "at_s", "state", "gain", "text", "pressed", "locale"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(kind=st.sampled_from(sorted(messages._READERS)), fields=st.dictionaries(NAMES, ANY))
def test_anything_is_read_or_refused(kind, fields):
    with contextlib.suppress(RefusalError):
        messages.read_text(json.dumps({**fields, "kind": kind}))
