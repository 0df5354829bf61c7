"""What holds for every file of a kind, not for examples alone (hypothesis). Seeded as the fuzzers are."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import yaml

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis (requirements/test.txt)")
from hypothesis import strategies as st  # noqa: E402

from avatar_ros.audio.riff import NotWavError  # noqa: E402
from avatar_ros.audio.wav import read_wav  # noqa: E402
from avatar_ros.avatar.axes import AXES, turned  # noqa: E402
from avatar_ros.avatar.fake import fake_avatar  # noqa: E402
from avatar_ros.avatar.glb import Glb  # noqa: E402
from avatar_ros.avatar.packed import read_splat, read_spz  # noqa: E402
from avatar_ros.avatar.ply import read_splats  # noqa: E402
from avatar_ros.core.arkit import ARKIT_COUNT  # noqa: E402
from avatar_ros.core.errors import ConfigError  # noqa: E402
from avatar_ros.core.expression_file import read_expression, write_expression  # noqa: E402
from avatar_ros.core.terminal import printable  # noqa: E402
from avatar_ros.core.yaml_text import load_yaml  # noqa: E402
from avatar_ros.speech.phrase_grammar import PhraseError, accepts, expand, parse, to_jsgf  # noqa: E402
from fuzz import mutate, samples  # noqa: E402
from fuzz.properties import every  # noqa: E402

WIDTHS = {(1, 8): "u1", (1, 16): "<i2", (1, 32): "<i4", (3, 32): "<f4", (3, 64): "<f8"}


@every(
    kind=st.sampled_from(list(WIDTHS)), channels=st.integers(1, 8), frames=st.integers(160, 3000),
    before=st.lists(st.binary(max_size=9), max_size=3), after=st.lists(st.binary(max_size=9), max_size=3),
    told=st.sampled_from([True, False]), number=st.integers(0, 2**31),
)  # fmt: skip
def test_chunks_around_a_sound_change_nothing(tmp_path, kind, channels, frames, before, after, told, number):
    tag, bits = kind
    values = np.random.default_rng(number).uniform(-1, 1, (frames, channels))
    scaled = values * 127 + 128 if bits == 8 else values * (2 ** (bits - 1) - 1) if tag == 1 else values
    body = (np.round(scaled) if tag == 1 else scaled).astype(WIDTHS[kind]).tobytes()
    around = [[samples.chunk(b"LIST", part) for part in parts] for parts in (before, after)]
    size = None if told else 0
    parts = [*around[0], samples.form(bits, channels, tag=tag), samples.chunk(b"data", body, size), *around[1]]
    (tmp_path / "a.wav").write_bytes(samples.riff(*parts))
    found = read_wav(tmp_path / "a.wav").pcm
    # The padding of a sound of odd length and unknown size cannot be told from sound.
    assert len(found) in (frames, frames + 1)
    assert np.abs(found[:frames] - 32767 * values.mean(axis=1)).max() < (400 if bits == 8 else 3)


@every(data=st.binary(max_size=300), fields=st.tuples(*[st.integers(0, 65535)] * 3, st.integers(0, 2**32 - 1)))
def test_any_header_is_sound_or_refused(tmp_path, data, fields):
    tag, channels, bits, rate = fields
    form = samples.chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits))
    (tmp_path / "a.wav").write_bytes(samples.riff(form, samples.chunk(b"data", data)))
    try:
        assert read_wav(tmp_path / "a.wav").pcm.dtype == np.int16
    except ConfigError as error:
        assert not isinstance(error, NotWavError) and str(tmp_path) in str(error)


@every(fps=st.floats(0.1, 1000), rows=st.integers(0, 20), number=st.integers(0, 2**31))
def test_written_expressions_are_read_as_they_were(tmp_path, fps, rows, number):
    weights = np.random.default_rng(number).uniform(-0.5, 1.5, (rows, ARKIT_COUNT))
    write_expression(tmp_path / "a.json", weights, fps, note="x")
    track = read_expression(tmp_path / "a.json")
    assert track.fps == fps and track.metadata["note"] == "x"
    np.testing.assert_allclose(track.weights, np.clip(weights, 0, 1), atol=1e-5)


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4), max_leaves=12,
)  # fmt: skip


@every(tree=_TREES)
def test_any_json_is_an_expression_or_refused(tmp_path, tree):
    for content in (tree, {"names": tree, "frames": []}, {"names": ["jawOpen"], "frames": [{"weights": [tree]}]},
                    {"names": ["jawOpen"], "metadata": {"fps": tree}, "frames": []}):  # fmt: skip
        (tmp_path / "a.json").write_text(json.dumps(content))
        try:
            assert np.isfinite(read_expression(tmp_path / "a.json").weights).all()
        except ConfigError as error:
            assert "a.json" in str(error) and "cannot be read" not in str(error), "in words of its own"


@every(tree=_TREES)
def test_yaml_gives_back_what_was_written(tmp_path, tree):
    text = yaml.safe_dump(tree, allow_unicode=True)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8", newline="")
    assert load_yaml(yaml, tmp_path / "a.yaml", "bad") == yaml.safe_load(text)


_WORDS = st.sampled_from(["a", "b", "what's", "to-day"])
_PATTERNS = st.recursive(
    _WORDS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([" ".join(parts), f"({' | '.join(parts)})", f"[{' '.join(parts)}] a"])
    ),
    max_leaves=8,
)


@every(pattern=_PATTERNS)
def test_a_pattern_accepts_its_own_sentences_and_survives_jsgf(pattern):
    node = parse(pattern)
    sentences = expand(node, 50)
    assert sentences and all(accepts(node, words) for words in sentences)
    assert node.size >= max(map(len, sentences)) and node.depth >= 1
    again = parse(to_jsgf(node))
    assert set(expand(again, 200)) == set(expand(node, 200)) or len(expand(node, 200)) == 200


@every(text=st.text("ab<>|()[] '-", max_size=60))
def test_any_text_is_a_pattern_or_refused(text):
    try:
        node = parse(text, {"a": parse("x | y")})
    except PhraseError as error:
        assert "\n" not in str(error)
    else:
        assert all(accepts(node, words) for words in expand(node, 20))


@every(splats=st.integers(1, 600), number=st.integers(0, 1000), version=st.sampled_from([1, 2, 3]))
def test_packed_splats_hold_what_was_packed(splats, number, version):
    avatar = fake_avatar(splats, number, names=())
    for raw in (read_splats(samples.compressed_ply(avatar), "x"), read_spz(samples.spz(avatar, version), "x"),
                read_splat(samples.splat(avatar), "x")):  # fmt: skip
        assert all(len(column) == splats for column in raw.values())
        np.testing.assert_allclose(raw["xyz"], avatar.positions, atol=2e-3)
        np.testing.assert_allclose(np.exp(raw["scale"]), avatar.scales, rtol=0.04)
        np.testing.assert_allclose(1 / (1 + np.exp(-raw["opacity"])), avatar.opacities, atol=0.004)
        lengths = np.linalg.norm(raw["rot"], axis=1)
        np.testing.assert_allclose(lengths, 1, atol=0.02)


@every(number=st.integers(0, 1000), axes=st.sampled_from(list(AXES)))
def test_turning_is_rigid(number, axes):
    avatar = fake_avatar(50, number, names=())
    avatar = replace(avatar, neck=None, clips={})
    found = turned(avatar, axes)
    far = np.linalg.norm(avatar.positions, axis=1)
    np.testing.assert_allclose(np.linalg.norm(found.positions, axis=1), far, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.rotations, axis=1), 1, atol=1e-5)
    opposite = {"y_up": "y_up", "y_down": "y_down", "z_up": "z_down", "z_down": "z_up"}[axes]
    np.testing.assert_allclose(turned(found, opposite).positions, avatar.positions, atol=1e-5)


@every(
    count=st.integers(0, 40), width=st.sampled_from([1, 3, 4]), gap=st.integers(0, 3), offset=st.integers(0, 5),
    kind=st.sampled_from(["i1", "u1", "<i2", "<u2", "<u4", "<f4"]), number=st.integers(0, 2**31),
)  # fmt: skip
def test_every_layout_of_an_accessor_is_the_same_array(count, width, gap, offset, kind, number):
    """Dense or interleaved, at any place, or sparse: what is read is what was written."""
    codes = {"i1": 5120, "u1": 5121, "<i2": 5122, "<u2": 5123, "<u4": 5125, "<f4": 5126}
    rng, dtype = np.random.default_rng(number), np.dtype(kind)
    values = rng.integers(0, 100, (count, width)).astype(dtype)
    stride = dtype.itemsize * (width + gap)
    table = np.zeros((count, width + gap), dtype)
    table[:, :width] = values
    rows = np.flatnonzero(rng.random(count) < 0.5)
    parts = [bytes(offset), table.tobytes(), rows.astype("<u4").tobytes(), values[rows].tobytes()]
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    views = [{"buffer": 0, "byteOffset": at} for at in starts[1:4]]
    views[0]["byteStride"] = stride
    spec = {"componentType": codes[kind], "count": count, "type": {1: "SCALAR", 3: "VEC3", 4: "VEC4"}[width]}
    sparse = {"count": len(rows), "indices": {"bufferView": 1, "componentType": 5125}, "values": {"bufferView": 2}}
    doc = {"accessors": [spec | {"bufferView": 0}, spec | {"sparse": sparse}], "bufferViews": views, "buffers": [{}]}
    glb = Glb(mutate.glb(doc, b"".join(parts)), "x")
    np.testing.assert_array_equal(glb.accessor(0), values)
    wanted = np.zeros_like(values)
    wanted[rows] = values[rows]
    np.testing.assert_array_equal(glb.accessor(1), wanted)
    for index, whole in ((0, values), (1, wanted)):
        indices, deltas = glb.sparse(index)
        out = np.zeros_like(whole)
        out[indices] = deltas
        np.testing.assert_array_equal(out, whole)


@every(text=st.text())
def test_printable_is_printable_and_keeps_what_was(text):
    shown = printable(text)
    assert not any(c in "\x00\x07\x08\x1b\x7f\x9b\u202e" or "\ud800" <= c <= "\udfff" for c in shown)
    assert printable(shown) == shown and (shown == text or not text.isprintable())
    shown.encode()
