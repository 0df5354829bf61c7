"""Each loader of the package: a file of its kind, damaged at random, and what a user would do with it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from fuzz import mutate, samples

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Loader:
    """make: a damaged file of one's own; use: load it and work with it, raising what it raises."""

    make: Callable[[Random], bytes]
    use: Callable[[Path], None]
    suffix: str


class Disagreement(Exception):  # noqa: N818
    """Two loaders of one file that say different things of it."""


def use_avatar(path):
    """validate, then load, move and draw; what validate calls good must load."""
    from avatar_ros.avatar.load import load_avatar
    from avatar_ros.avatar.validate import validate
    from avatar_ros.core.errors import AvatarRosError
    from avatar_ros.render.auto import make_rasteriser
    from avatar_ros.render.base import RasterSettings
    from avatar_ros.render.pose import portrait_camera

    report = validate(path)
    assert report.text()
    try:
        avatar = load_avatar(path)
    except AvatarRosError as error:
        if report.good:
            raise Disagreement(f"validate: good; load_avatar: {error}") from None
        raise
    for clip in avatar.clips.values():
        clip.at(0.3)
    rasteriser, _ = make_rasteriser(avatar, RasterSettings(backend="cpu", threads=1))
    camera = portrait_camera(avatar, 64, 64)
    rasteriser.render(np.full(52, 0.5, np.float32), np.eye(4, dtype=np.float32), camera)
    rasteriser.close()


@cache
def lam():
    members = samples.lam_members()
    return members, {name: mutate.split_glb(data) for name, data in members.items() if name.endswith(".glb")}


def make_lam(rng):
    members, trees = lam()
    kind = rng.choice(("zip", "member", "json", "json", "json", "numbers", "ply"))
    if kind == "zip":
        return mutate.data(rng, samples.zipped(members))
    name = rng.choice(list(trees if kind in ("json", "numbers") else members))
    name = "a/offset.ply" if kind == "ply" else name
    if kind in ("json", "numbers"):
        tree, numbers = trees[name]
        if kind == "json":
            tree = mutate.tree(rng, tree, rng.choice((1, 1, 2, 3)))
        else:
            numbers = mutate.data(rng, numbers)
        data = mutate.glb(tree, numbers)
    else:
        data = _damaged_ply(rng, members[name]) if kind == "ply" else mutate.data(rng, members[name])
    names = {"/": "\\"} if rng.random() < 0.1 else {}
    return samples.zipped({n.translate(str.maketrans(names)): d for n, d in (members | {name: data}).items()}, 0)


def _damaged_ply(rng, data):
    """Its header or its numbers, seldom both."""
    at = data.index(b"end_header\n") + 11
    head, body = data[:at], data[at:]
    return mutate.data(rng, head) + body if rng.random() < 0.4 else head + mutate.data(rng, body)


@cache
def plys():
    return (
        samples.plain_ply(), samples.compressed_ply(), samples.compressed_ply(colour_range=False, harmonics=True),
        samples.lam_members()["a/offset.ply"],
    )  # fmt: skip


def make_ply(rng):
    data = rng.choice(plys())
    return mutate.data(rng, data) if rng.random() < 0.3 else _damaged_ply(rng, data)


def make_spz(rng):
    import gzip

    data = samples.spz(version=rng.choice((1, 2, 3)))
    if rng.random() < 0.2:
        return mutate.data(rng, data)
    body = gzip.decompress(data)
    body = mutate.data(rng, body[:16]) + body[16:] if rng.random() < 0.4 else mutate.data(rng, body)
    return gzip.compress(body, 1, mtime=0)


def use_wav(path):
    from avatar_ros.audio.wav import read_wav

    sound = read_wav(path)
    assert sound.pcm.dtype == np.int16 and sound.pcm.ndim == 1 and len(sound.pcm)


def make_wav(rng):
    sane = rng.random() < 0.6
    tag, bits = rng.choice(((1, 8), (1, 16), (1, 20), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8), (0xFFFE, 16)))
    channels, rate = rng.choice((1, 2, 3, 64)), rng.choice((1000, 8000, 16000, 44100, 768000))
    if not sane:
        tag, bits = rng.choice((1, 3, 2, 0x55, 0xFFFE, 0)), rng.choice((0, 12, 16, 64))
        channels, rate = rng.choice((0, 1, 65, 65535)), rng.choice((0, 1, 999, 16000, 2**32 - 1))
    extra = struct.pack("<HHIH14s", 22, rng.choice((0, 12, 24, bits)), 3, rng.choice((1, 3, 6)), b"\0" * 14)
    align = rng.choice((None, None, None, 0, 4, 65535))
    sound = rng.randbytes(rng.choice((0, 1, 2, 3, 500, 5001, 40000, 40000, 40000)))
    size = rng.choice((None, None, None, 0, 1, 2**31 - 1, 2**31, 0x7FFFF000, 2**32 - 1, len(sound) + 99))
    chunks = [
        samples.form(bits, channels, rate, tag, align, extra if tag == 0xFFFE else b""),
        samples.chunk(b"data", sound, size, pad=rng.random() < 0.5),
    ]
    for _ in range(rng.choice((0, 0, 1, 2))):
        body = rng.randbytes(rng.choice((0, 1, 7, 28, 300)))
        chunks.insert(rng.randrange(3), samples.chunk(rng.choice((b"LIST", b"ds64", b"fact", b"JUNK")), body))
    if rng.random() < 0.1:
        rng.shuffle(chunks)
    data = samples.riff(*chunks, head=rng.choice((b"RIFF",) * 9 + (b"RF64", b"RIFX")))
    return mutate.data(rng, data) if rng.random() < 0.4 else data


def use_expression(path):
    from avatar_ros.commands.expression_file import read_expression

    track = read_expression(path)
    for at in (-1.0, 0.0, 0.01, track.duration_s, 1e9):
        assert np.isfinite(track.at(at)).all()
    ", ".join(track.ignored).encode()


def make_expression(rng):
    from avatar_ros.core.arkit import ARKIT_NAMES

    row = [0.1] * len(ARKIT_NAMES)
    frames = [{"weights": row, "time": i / 30} for i in range(3)]
    tree = {"names": list(ARKIT_NAMES), "metadata": {"fps": 30.0}, "frames": frames}
    if rng.random() < 0.6:
        return mutate.dumped(mutate.tree(rng, tree, rng.choice((1, 1, 2, 3))))
    data = mutate.dumped(tree)
    place = rng.randrange(len(data))
    numbers = (b"9" * 5000, b"1e999", b"NaN", b"0." + b"1" * 9999)
    extra = rng.choice((*numbers, b"[" * 100_000, b"\xef\xbb\xbf", b"\\ud800"))
    return mutate.data(rng, data[:place] + extra + data[place:] if rng.random() < 0.5 else data)


def use_answers(path):
    """Both readers of the file: those who answer, and those who listen."""
    from avatar_ros.answers.matcher import Matcher
    from avatar_ros.answers.responses import ResponseHistory, ResponseSelector
    from avatar_ros.asr import sphinx as questions
    from avatar_ros.llm.answers import AnswersSettings, load_answers
    from avatar_ros.speech.phrase_grammar import expand, to_jsgf

    answers = load_answers(path)
    intent = Matcher(answers, AnswersSettings().fuzzy_threshold).find("what is the time")
    ResponseSelector(answers, Random(1)).select(intent, ResponseHistory(), (), datetime(2026, 1, 2, 3, 4))
    pattern = questions.pattern(questions.load(path))
    to_jsgf(pattern)
    expand(pattern, 100)


def make_answers(rng):
    if rng.random() < 0.05:
        return _bomb(rng)
    shipped = rng.random() < 0.1
    return mutate.text(rng, (ROOT / "config/answers.yaml").read_text("utf-8") if shipped else samples.ANSWERS)


def _bomb(rng):
    """Small files that stand for large ones."""
    parts = "".join(f'  a{i}: "(<a{i - 1}> <a{i - 1}> | <a{i - 1}> z)"\n' for i in range(1, rng.choice((5, 12, 40))))
    lists = "".join(f"b{i}: &b{i} [{','.join([f'*b{i - 1}'] * 9)}]\n" for i in range(1, 12))
    old = 'parts: {what: "(what\'s | what is)"}\n'
    return rng.choice((
        samples.ANSWERS.replace(old, f'parts:\n  what: x\n  a0: "(x | y)"\n{parts}').replace("[now]", "<a4>"),
        f"b0: &b0 [x]\n{lists}facts: *b11\n" + samples.ANSWERS,
        "[" * rng.choice((40, 1000, 100_000)),
        samples.ANSWERS.replace("[now]", "[now] " * rng.choice((100, 1000, 20_000))),
        samples.ANSWERS.replace("[now]", " ".join(f"[w{chr(97 + i % 26)}]" for i in range(190))),
        samples.ANSWERS.replace("[now]", "(" * 30 + "now" + ")" * 30),
        samples.ANSWERS.replace("locale: en-US", "locale: &a en-US\n? [*a, *a]\n: *a"),
    )).encode()  # fmt: skip


def use_manifest(path):
    from avatar_ros.commands.manifest import read_manifest

    for model in read_manifest(path).values():
        assert model.size >= 0 and all(Path(file.name).name == file.name for file in model.files)


def make_manifest(rng):
    if rng.random() < 0.5:
        file = {"url": "https://example.org/a/m.bin", "size": 3, "sha256": "", "unpack": True}
        tree = {"m": {"for": "x", "licence": "y", "non_commercial": True, "files": [file]}}
        urls = (
            "https://[::1/f",
            "https://h:99999999/f",
            "https://h/a%00b",
            "https://h/..",
            "file:///x",
            "https://h/a%5c..",
        )
        file["url"] = rng.choice((file["url"], *urls))
        return mutate.dumped(mutate.tree(rng, tree, rng.choice((0, 1, 1, 2))))
    return mutate.text(rng, (ROOT / "models/manifest.yaml").read_text("utf-8"))


def use_lips(path):
    import onnxruntime

    from avatar_ros.speech.mel_features import BANDS
    from avatar_ros.speech.phone_network import PhoneNetwork

    network = PhoneNetwork(onnxruntime, str(path))
    network.step(np.zeros((7, BANDS), np.float32), network.start())


def make_lips(rng):
    """The graph lies at the file's ends, the weights in between: damage to these is no damage to the file."""
    data = (ROOT / "models/lips.onnx").read_bytes()
    part = rng.choice((slice(0, 4000), slice(len(data) - 6000, len(data)), slice(0, len(data))))
    return data[: part.start] + mutate.data(rng, data[part]) + data[part.stop :]


def use_policy(path):
    from avatar_ros.motion.base import MOTION_BACKENDS, MotionSettings

    own = MOTION_BACKENDS.options("policy", model=str(path))
    lips = MOTION_BACKENDS.make("policy", MotionSettings(backend="policy"), own=own)
    lips.weights(np.zeros((9, lips.dim), np.float32))


def use_encoder_manifest(path):
    from avatar_ros.encoder.neural_model import encoder_manifest

    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    path.replace(folder / "encoder.json")
    encoder_manifest(folder)


def make_encoder_manifest(rng):
    names = "dim features channels taps layers hop_samples field_samples first_kernel first_stride"
    numbers = dict.fromkeys(names.split(), 8)
    tree = {"format": 2, "kind": "hubert", "rate_hz": 50.0, "normalise_sound": True}
    tree["files"] = {"front": {"fp32": "f.onnx"}}
    return mutate.dumped(mutate.tree(rng, tree | numbers, rng.choice((1, 1, 2))))


def use_profile(path):
    """All that a launch asks of a user's parameter file before any node reads it."""
    from avatar_ros.bringup.graph import KioskOptions, kiosk_graph
    from avatar_ros.bringup.profile_parameters import parameters_for

    kiosk_graph(KioskOptions(profile=f"embedded,{path}"))
    parameters_for((path,), "/avatar/tts_node")


def make_profile(rng):
    own = "/**/tts_node:\n  ros__parameters:\n    backend: espeak\n    espeak: {voices: [en-US=en-us+m3], rate: 1.5}\n"
    shipped = rng.choice(("embedded", "full", "llm_ollama"))
    return mutate.text(rng, rng.choice((own, (ROOT / f"config/{shipped}.yaml").read_text("utf-8"))))


def _shipped(name):
    return lambda rng: mutate.text(rng, (ROOT / name).read_text("utf-8"))


def use_gestures(path):
    import yaml

    from avatar_ros.core.gestures import load_gestures

    load_gestures(yaml, path)


def use_tools(path):
    from avatar_ros.llm.tools.tool_file import load_tools

    load_tools(path)


TOOLS = """tools:
- name: drive_to
  description: Drives there.
  parameters: {type: object, properties: {place: {type: string, enum: [a, b]}}, required: [place]}
  service: base/drive_to
  timeout_s: 40.0
"""


def use_card(path):
    import yaml

    from avatar_ros.core.avatar_card import read_card

    read_card(yaml, path.with_name(path.name.removesuffix(".avatar.yaml") + ".splat"))


CARD = """title: Ben
licence: Apache-2.0
defaults:
  locale: en-US
  background: "#102030"
  voices: {espeak: [en-US=en-us+m3]}
  camera: {zoom: 1.1, up_m: 0.01}
  light: {exposure_ev: 0.5, tint: 3}
  weights: {jawOpen: 0.1}
"""


def use_keys(path):
    from avatar_ros.core.api_keys import find_key, read_env_file

    read_env_file(path)
    find_key("KEY", str(path), {})


def use_language(path):
    import yaml

    from avatar_ros.core import locales
    from avatar_ros.core.locale_tree import entries
    from avatar_ros.core.yaml_text import compose_yaml

    found = entries(compose_yaml(yaml, path, "x"), path, locales._SCHEMA, locales._LENGTHS)
    locales._language("de", found) if len(found) > 40 else None


LOADERS = {
    "LAM zip": Loader(make_lam, use_avatar, ".zip"),
    "ply": Loader(make_ply, use_avatar, ".ply"),
    "spz": Loader(make_spz, use_avatar, ".spz"),
    "splat": Loader(lambda rng: mutate.data(rng, samples.splat()), use_avatar, ".splat"),
    "wav": Loader(make_wav, use_wav, ".wav"),
    "expression": Loader(make_expression, use_expression, ".json"),
    "answers": Loader(make_answers, use_answers, ".yaml"),
    "profile": Loader(make_profile, use_profile, ".yaml"),
    "gestures": Loader(_shipped("config/gestures.yaml"), use_gestures, ".yaml"),
    "tools": Loader(lambda rng: mutate.text(rng, TOOLS), use_tools, ".yaml"),
    "avatar's card": Loader(lambda rng: mutate.text(rng, CARD), use_card, ".avatar.yaml"),
    "keys": Loader(lambda rng: mutate.text(rng, "# mine\nexport KEY='sk-1' # x\nKEY: 2\nB=\"a\"\n"), use_keys, ".env"),
    "language": Loader(_shipped("config/locales/de.yaml"), use_language, ".yaml"),
    "manifest": Loader(make_manifest, use_manifest, ".yaml"),
    "lips network": Loader(make_lips, use_lips, ".onnx"),
    "policy network": Loader(lambda rng: mutate.data(rng, samples.onnx_policy()), use_policy, ".onnx"),
    "encoder manifest": Loader(make_encoder_manifest, use_encoder_manifest, ".json"),
}


def case(name, seed, number):
    """The damaged file `number` of a loader: a function of its arguments alone."""
    return LOADERS[name].make(Random(json.dumps([seed, name, number])))
