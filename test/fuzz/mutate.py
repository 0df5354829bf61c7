"""Damage to bytes, JSON trees and texts, drawn from a random.Random: the same for the same seed."""

from __future__ import annotations

import copy
import json
import struct

#: Whole numbers and floats at their limits, little-endian.
WORDS = tuple(bytes.fromhex(word) for word in "ffffffff 00000080 ffffff7f 0000c07f 0000807f 000080ff 00000000".split())
NUMBERS = (0, -1, 1, 2**31, 2**32, 2**63, 2**64, 10**30, -(2**31), 1e308, 1e-300, *map(float, ("inf", "-inf", "nan")))
ODD = (
    None, True, False, *NUMBERS, "", "x", "9" * 50, [], [[]], {}, {"a": 1}, [1, 2, 3], [None], "\ud800", "\x1b[2J", "é",
    "POSITION", 5126, 5121, 9_999_999, 10_000_001, 999_999, 10**400,
)  # fmt: skip
KEYS = (
    "sparse byteOffset byteStride children matrix extras count bufferView uri normalized buffer componentType type "
    "mesh skin"
).split()
SIGNS = ("{", "}", "[", "]", "&a ", "*a", "!!python/object/apply:os.system ['id']", "!!binary ", "? ", "<what>", "<x>",
         "(", "|", ")", "{time}", "{nope}", "\x00", "\x85", "\ufeff", "~", "- ", ": ", "'", '"', "\t", "%YAML 9.9\n",
         "---\n", "...\n", "<<: *a", "!!set {a}", "é", "#", "\n", "  ",
         "2020-99-99", ".nan", ".inf", "1e999", "0x", "[" * 60)  # fmt: skip


def data(rng, content, times=None):
    """Bytes with bits turned, pieces lost, doubled, moved, and numbers at their limits."""
    out = bytearray(content)
    for _ in range(times or rng.choice((1, 1, 1, 2, 4, 16))):
        out = out or bytearray(b"\0")
        at, kind = rng.randrange(len(out)), rng.randrange(7)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at] = rng.choice((0, 255, 127, 128, 1, rng.randrange(256)))
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 4, 64, 1024))]
        elif kind == 3:
            out[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16)))
        elif kind == 4 and rng.random() < 0.5:
            del out[at:]
        elif kind == 5:
            out[at : at + 4] = rng.choice(WORDS)
        else:
            other, size = rng.randrange(len(out)), rng.choice((4, 16, 64))
            out[at : at + size] = out[other : other + size]
    return bytes(out)


def tree(rng, content, times=1):
    """A JSON tree with entries lost, added and replaced by odd ones."""
    content = copy.deepcopy(content)
    for _ in range(times):
        places = list(_places(content))
        if not places:
            break
        owner, key = rng.choice(places)
        kind = rng.randrange(4)
        if kind == 0:
            del owner[key]
        elif kind == 1 and isinstance(owner, list):
            owner.insert(key, _odd(rng))
        elif kind == 2 and isinstance(owner, dict):
            owner[rng.choice(KEYS)] = _odd(rng)
        else:
            owner[key] = _odd(rng)
    return content


def _odd(rng):
    return copy.deepcopy(rng.choice(ODD))  # later damage may fall on it


def _places(content):
    if not isinstance(content, dict | list):
        return
    for key in list(content) if isinstance(content, dict) else range(min(len(content), 40)):
        yield content, key
        yield from _places(content[key])


def text(rng, content):
    """UTF-8 text with signs of YAML and of phrases put in, pieces lost; now and then as damaged bytes."""
    out = list(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        out = out or ["a"]
        at, kind = rng.randrange(len(out)), rng.randrange(3)
        if kind == 0:
            out[at:at] = rng.choice(SIGNS)
        elif kind == 1:
            del out[at : at + rng.choice((1, 2, 10, 40))]
        else:
            out[at] = rng.choice(SIGNS)
    encoded = "".join(out).encode(rng.choice(("utf-8",) * 9 + ("utf-16",)))
    return data(rng, encoded, 1) if rng.random() < 0.1 else encoded


def dumped(content):
    """A tree as JSON, whatever stands in it."""
    return json.dumps(content).encode("utf-8", "surrogatepass")


def glb(content, numbers):
    """A .glb of a JSON tree and its binary chunk."""
    body = dumped(content)
    body += b" " * (-len(body) % 4)
    size = 28 + len(body) + len(numbers)
    return struct.pack("<4sII", b"glTF", 2, size) + _chunk(0x4E4F534A, body) + _chunk(0x004E4942, numbers)


def split_glb(content):
    """The JSON tree and the binary chunk of a .glb."""
    (size,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def _chunk(kind, body):
    return struct.pack("<II", len(body), kind) + body
