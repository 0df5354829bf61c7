"""What glTF 2.0 allows a mesh and its skeleton to be, all of it the same head; and bounds on how much of it."""

import base64
import json
import zipfile

import numpy as np
import pytest

from avatar_ros.avatar import avatar_limits as limits
from avatar_ros.avatar.clean import CleanSettings
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.glb import Glb
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.validate import validate
from avatar_ros.core.errors import AvatarError
from fuzz import mutate, samples

AS_IS = CleanSettings(drop_invisible=False, drop_floaters=False)
AVATAR = fake_avatar(150)


class Skin:
    """skin.glb taken apart; `add` puts an array into its binary chunk and gives the accessor."""

    def __init__(self, name="a/skin.glb"):
        self.name = name
        self.doc, numbers = mutate.split_glb(samples.lam_members()[name])
        self.numbers = bytearray(numbers)

    @property
    def mesh(self):
        return self.doc["meshes"][0]

    @property
    def primitive(self):
        return self.mesh["primitives"][0]

    def view(self, data, **more):
        self.numbers += b"\0" * (-len(self.numbers) % 4)
        self.doc["bufferViews"].append({"buffer": 0, "byteOffset": len(self.numbers), "byteLength": len(data), **more})
        self.numbers += data
        return len(self.doc["bufferViews"]) - 1

    def add(self, **spec):
        self.doc["accessors"].append(spec)
        return len(self.doc["accessors"]) - 1

    def load(self, tmp_path):
        path = self.write(tmp_path)
        assert validate(path).good, validate(path).text()
        return load_avatar(path, AS_IS)

    def write(self, tmp_path):
        members = samples.lam_members() | {self.name: mutate.glb(self.doc, bytes(self.numbers))}
        (tmp_path / "a.zip").write_bytes(samples.zipped(members))
        return tmp_path / "a.zip"

    def refused(self, tmp_path, what):
        path = self.write(tmp_path)
        with pytest.raises(AvatarError, match=what) as caught:
            load_avatar(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        assert not validate(path).good


def dense(skin, m=0):
    """A morph target as an ordinary accessor."""
    values = AVATAR.morph_deltas[m].astype("<f4")
    view = skin.view(values.tobytes())
    skin.primitive["targets"][m]["POSITION"] = skin.add(bufferView=view, componentType=5126, count=150, type="VEC3")


def interleaved(skin):
    """Positions and something else, side by side."""
    table = np.concatenate([AVATAR.positions, np.full((150, 2), 7)], axis=1).astype("<f4")
    view = skin.view(table.tobytes(), byteStride=20)
    skin.primitive["attributes"]["POSITION"] = skin.add(bufferView=view, componentType=5126, count=150, type="VEC3")


def normalised_weights(skin):
    """Joint weights as bytes, with and without the flag (LAM's exporter forgets it)."""
    share = np.round(255 * AVATAR.neck.share)
    weights = np.stack([share, 255 - share, 0 * share, 0 * share], axis=1).astype(np.uint8)
    view = skin.view(weights.tobytes())
    skin.primitive["attributes"]["WEIGHTS_0"] = skin.add(
        bufferView=view, componentType=5121, count=150, type="VEC4", normalized=True
    )


def quantised_morph(skin):
    """A morph target of normalised shorts (KHR_mesh_quantization), made larger than life to see it."""
    skin.doc["extensionsRequired"] = skin.doc["extensionsUsed"] = ["KHR_mesh_quantization"]
    values = np.round(AVATAR.morph_deltas[0] * 32767).astype("<i2")
    table = np.concatenate([values, np.zeros((150, 1), "<i2")], axis=1).astype("<i2")
    view = skin.view(table.tobytes(), byteStride=8)
    skin.primitive["targets"][0]["POSITION"] = skin.add(
        bufferView=view, componentType=5122, count=150, type="VEC3", normalized=True
    )


def sparse_over_dense(skin):
    """Some rows of a dense accessor replaced by sparse ones."""
    values = AVATAR.positions.copy()
    values[[3, 77]] = 9.0
    view = skin.view(values.astype("<f4").tobytes())
    indices = skin.view(np.array([3, 77], "<u2").tobytes())
    rows = skin.view(AVATAR.positions[[3, 77]].astype("<f4").tobytes())
    skin.primitive["attributes"]["POSITION"] = skin.add(
        bufferView=view, componentType=5126, count=150, type="VEC3",
        sparse={"count": 2, "indices": {"bufferView": indices, "componentType": 5123}, "values": {"bufferView": rows}},
    )  # fmt: skip


def embedded(skin):
    """The numbers as a data URI."""
    uri = "data:application/octet-stream;base64," + base64.b64encode(skin.numbers).decode()
    skin.doc["buffers"] = [{"byteLength": len(skin.numbers), "uri": uri}]
    skin.numbers = bytearray()


def other_meshes_before(skin):
    """Eyes and teeth of the same export; the head is the one with as many vertices as splats."""
    view = skin.view(np.zeros((5, 3), "<f4").tobytes())
    small = skin.add(bufferView=view, componentType=5126, count=5, type="VEC3")
    other = {"primitives": [{"attributes": {"POSITION": small}, "targets": [{"POSITION": small}]}]}
    skin.doc["meshes"].insert(0, other | {"extras": {"targetNames": ["x"]}})
    skin.doc["nodes"] = [{**n, "mesh": n["mesh"] + 1} if "mesh" in n else n for n in skin.doc["nodes"]]


def other_primitives_before(skin):
    view = skin.view(np.zeros((5, 3), "<f4").tobytes())
    small = skin.add(bufferView=view, componentType=5126, count=5, type="VEC3")
    skin.mesh["primitives"].insert(0, {"attributes": {"POSITION": small}})


def names_at_the_primitive(skin):
    skin.mesh["primitives"][0]["extras"] = skin.mesh.pop("extras")


def looks(skin):
    skin.doc["extensionsRequired"] = ["KHR_materials_unlit", "KHR_texture_transform"]


def many_scenes(skin):
    skin.doc["scenes"] = [{"nodes": []}, *skin.doc["scenes"]] * 3
    skin.doc["scene"] = 1
    for node in skin.doc["nodes"]:
        if node.get("name") not in ("head", None):
            node.pop("name", None)


STRUCTURES = (
    dense, interleaved, normalised_weights, quantised_morph, sparse_over_dense, embedded, other_meshes_before,
    other_primitives_before, names_at_the_primitive, looks, many_scenes,
)  # fmt: skip


@pytest.mark.parametrize("change", STRUCTURES)
def test_every_structure_is_the_same_head(tmp_path, change):
    skin = Skin()
    change(skin)
    found = skin.load(tmp_path)
    np.testing.assert_allclose(found.positions, AVATAR.positions, atol=1e-6)
    assert found.morph_names == AVATAR.morph_names
    np.testing.assert_allclose(found.morph_deltas, AVATAR.morph_deltas, atol=2e-5)
    np.testing.assert_allclose(found.head_share, AVATAR.head_share, atol=0.003)


@pytest.mark.parametrize("by", ["matrix", "parts", "parent"])
def test_a_mesh_without_joints_stands_where_its_node_says(tmp_path, by):
    skin = Skin()
    skin.doc.pop("skins", None)
    node = next(node for node in skin.doc["nodes"] if "mesh" in node)
    node.pop("skin", None)
    move = {"translation": [0.0, 0.25, 0.0], "scale": [2.0, 2.0, 2.0], "rotation": [0, 1, 0, 0]}
    if by == "matrix":
        node["matrix"] = [-2, 0, 0, 0, 0, 2, 0, 0, 0, 0, -2, 0, 0, 0.25, 0, 1]
    elif by == "parts":
        node |= move
    else:
        skin.doc["nodes"].append(move | {"children": [skin.doc["nodes"].index(node)]})
    path = skin.write(tmp_path)
    found = load_avatar(path, AS_IS)
    turn = np.array([-2, 2, -2])
    np.testing.assert_allclose(found.positions, AVATAR.positions * turn + [0, 0.25, 0], atol=1e-5)
    np.testing.assert_allclose(found.morph_deltas, AVATAR.morph_deltas * turn, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda s: s.doc.update(extensionsRequired=["KHR_draco_mesh_compression"]), "draco.*without compression"),
        (lambda s: s.doc.update(extensionsRequired=["EXT_meshopt_compression"]), "meshopt"),
        (lambda s: s.doc["buffers"][0].update(uri="skin.bin"), "another file .'skin.bin'"),
        (lambda s: s.doc["buffers"][0].update(uri="data:application/x;base64,!!!"), "damaged"),
        (lambda s: s.doc["bufferViews"][0].update(buffer=1), "damaged"),
        (lambda s: s.mesh.pop("extras"), "52 morphs and 0 names"),
        (lambda s: s.mesh["extras"].update(targetNames=5), "52 morphs and 0 names"),
        (lambda s: s.doc["accessors"][0].update(count=10**9), "count 1000000000"),
        (lambda s: s.doc["accessors"][0].update(type="VEC2"), "2 numbers a vertex"),
        (lambda s: s.primitive["attributes"].update(POSITION=s.add(componentType=5126, count=9_000_000, type="VEC3")),
         "9000000 elements that the file does not hold"),
        (lambda s: s.doc["accessors"].extend([{}] * limits.MAX_ENTRIES), "accessors .limit"),
        (lambda s: s.doc["nodes"].extend([{}] * limits.MAX_ENTRIES), "nodes .limit"),
        (lambda s: s.doc["skins"][0].update(joints=[0] * (limits.MAX_JOINTS + 1)), "joints .limit"),
        (lambda s: (s.primitive.update(targets=s.primitive["targets"] * 10),
                    s.mesh["extras"].update(targetNames=["x"] * 520)), "520 morphs"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_and_what_is_too_much_is_named(tmp_path, change, what):
    skin = Skin()
    change(skin)
    skin.refused(tmp_path, what)


def test_targets_that_share_an_accessor_do_not_multiply_memory(tmp_path, monkeypatch):
    """A small file may name the same large accessor five hundred times."""
    skin = Skin()
    dense(skin)
    for target in skin.primitive["targets"]:
        target["POSITION"] = skin.primitive["targets"][0]["POSITION"]
    monkeypatch.setattr("avatar_ros.avatar.lam_format.MAX_MORPH_ENTRIES", 200)
    skin.refused(tmp_path, "more than 200 times")


# --- the skeleton and its clips ---------------------------------------------------------------------------------------


def test_a_chain_of_joints_without_end_is_refused_soon(tmp_path):
    skin = Skin("a/animation.glb")
    head = next(i for i, node in enumerate(skin.doc["nodes"]) if node.get("name") == "head")
    for child in range(len(skin.doc["nodes"])):
        skin.doc["nodes"][child].pop("children", None)
    first = len(skin.doc["nodes"])
    skin.doc["nodes"] += [{"children": [first + i + 1 if i < 199 else head]} for i in range(200)]
    skin.refused(tmp_path, "201 joints above the head")


def test_joints_in_a_circle_do_not_hang(tmp_path):
    skin = Skin("a/animation.glb")
    for i, node in enumerate(skin.doc["nodes"]):
        node["children"] = [(i + 1) % len(skin.doc["nodes"])]
    path = skin.write(tmp_path)
    validate(path).text()


def test_too_many_clips_and_clips_without_names(tmp_path):
    skin = Skin("a/animation.glb")
    clip = skin.doc["animations"][0]
    clip.pop("name")
    skin.doc["animations"] = [json.loads(json.dumps(clip)) for _ in range(3)]
    assert list(skin.load(tmp_path).clips) == ["clip 1", "clip 2", "clip 3"]
    skin.doc["animations"] = [clip] * (limits.MAX_CLIPS + 1)
    skin.refused(tmp_path, "201 clips")


def test_clips_of_many_hours_are_refused(tmp_path):
    skin = Skin("a/animation.glb")
    view = skin.view(np.array([0, 599], "<f4").tobytes())
    times = skin.add(bufferView=view, componentType=5126, count=2, type="SCALAR")
    clip = skin.doc["animations"][0]
    for sampler in clip["samplers"]:
        output = skin.doc["accessors"][sampler["output"]]
        short = {key: value for key, value in output.items() if key not in ("min", "max")} | {"count": 2}
        sampler |= {"input": times, "output": skin.add(**short)}
    skin.doc["animations"] = [clip | {"name": str(i)} for i in range(8)]
    skin.refused(tmp_path, "clips last more than 3600 s")


def test_rotations_as_normalised_shorts(tmp_path):
    skin = Skin("a/animation.glb")
    for animation in skin.doc["animations"]:
        for channel in animation["channels"]:
            if channel["target"]["path"] != "rotation":
                continue
            sampler = animation["samplers"][channel["sampler"]]
            glb = Glb(mutate.glb(skin.doc, bytes(skin.numbers)), "x")
            values = np.round(glb.accessor(sampler["output"]) * 32767).astype("<i2")
            spec = {"componentType": 5122, "count": len(values), "type": "VEC4", "normalized": True}
            sampler["output"] = skin.add(bufferView=skin.view(values.tobytes()), **spec)
    found = skin.load(tmp_path)
    np.testing.assert_allclose(found.clips["idle"].matrices, AVATAR.clips["idle"].matrices, atol=1e-3)


def test_joints_with_a_sign_are_refused(tmp_path):
    """-1 would be the last joint."""
    skin = Skin()
    view = skin.view(np.full((150, 4), -1, np.int8).tobytes())
    skin.primitive["attributes"]["JOINTS_0"] = skin.add(bufferView=view, componentType=5120, count=150, type="VEC4")
    skin.refused(tmp_path, "without a sign")


def test_json_of_many_megabytes_is_refused(tmp_path):
    members = samples.lam_members()
    doc, numbers = mutate.split_glb(members["a/skin.glb"])
    doc["extras"] = "x" * (limits.MAX_JSON_BYTES + 1)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | {"a/skin.glb": mutate.glb(doc, numbers)}).items():
            archive.writestr(name, data)
    with pytest.raises(AvatarError, match="its JSON has 16 MiB"):
        load_avatar(tmp_path / "a.zip")
