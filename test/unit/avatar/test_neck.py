"""Which splats follow the head, read from the mesh's joints; clips seen from a chest that stays still."""

import struct
from dataclasses import replace

import numpy as np
import pytest

import recordings
from avatar_ros.avatar.clean import select
from avatar_ros.avatar.clips import bake_clips
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.avatar.glb import Glb
from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.skin import joint_chain, read_neck
from avatar_ros.core.errors import AvatarError
from avatar_ros.core.paths import share_file
from avatar_ros.testing.lam_writer import animation_glb, skin_glb

DATA = recordings.DATA / "avatars"
SHOULDERS_M, FACE_M = 1.53, 1.66


def skin_of(avatar):
    return Glb(skin_glb(avatar), "skin.glb")


def neck_of(glb, splats):
    return read_neck(glb, glb.doc["meshes"][0]["primitives"][0]["attributes"], splats)


def bent(avatar, **change):
    return replace(avatar, neck=replace(avatar.neck, **change))


def test_a_mesh_without_joints_is_all_head():
    avatar = replace(fake_avatar(10), neck=None)
    assert neck_of(skin_of(avatar), 10) is None
    assert (avatar.head_share == 1).all()


def test_joints_of_the_neck_follow_in_part_and_what_hangs_on_the_head_wholly():
    glb = skin_of(bent(fake_avatar(5), share=np.ones(5, np.float32)))
    nodes = glb.doc["nodes"]
    chest, low, high, head = joint_chain(nodes)
    nodes[head]["children"] = [len(nodes)]
    nodes.append({"name": "jaw"})
    glb.doc["skins"][0]["joints"] = [chest, low, high, head, len(nodes) - 1]
    at = glb.doc["meshes"][0]["primitives"][0]["attributes"]["JOINTS_0"]
    view = glb.doc["bufferViews"][glb.doc["accessors"][at]["bufferView"]]
    data = bytearray(glb._bin)
    data[view["byteOffset"] : view["byteOffset"] + 20 : 4] = bytes(range(5))
    glb._bin = memoryview(bytes(data))
    np.testing.assert_allclose(neck_of(glb, 5).share, [0, 1 / 3, 2 / 3, 1, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (np.array([0.5, np.nan, 1], np.float32), "WEIGHTS_0"),
        (np.array([0.5, -0.5, 1], np.float32), "WEIGHTS_0"),
    ],
)
def test_weights_that_make_no_sense_are_named(share, text):
    with pytest.raises(AvatarError, match=text):
        neck_of(skin_of(bent(fake_avatar(3), share=share)), 3)


def test_weights_that_do_not_add_up_and_joints_that_do_not_exist_are_named():
    glb = skin_of(bent(fake_avatar(3), share=np.full(3, 0.5, np.float32)))
    raw = bytes(glb._bin)
    glb._bin = memoryview(raw.replace(struct.pack("<f", 0.5), struct.pack("<f", 0.25)))
    with pytest.raises(AvatarError, match="3 splats do not add up"):
        neck_of(glb, 3)
    glb._bin = memoryview(raw)
    glb.doc["skins"][0]["joints"].pop(0)
    with pytest.raises(AvatarError, match="joint 3 of 3"):
        neck_of(glb, 3)


def test_the_neck_follows_a_selection():
    avatar = fake_avatar(50)
    keep = avatar.positions[:, 1] > 1.6
    np.testing.assert_array_equal(select(avatar, keep).head_share, avatar.head_share[keep])


def test_a_clip_in_which_only_the_chest_moves_keeps_the_head_still():
    """The spine of save.animation_glb has the head alone; here it hangs on a chest by a neck of two joints."""
    glb = Glb(animation_glb([fake_avatar().clips["idle"]]), "animation.glb")
    nodes, skin = glb.doc["nodes"], glb.doc["skins"][0]
    names = [("neck_2", [0]), ("neck_1", [1]), ("chest", [2])]
    nodes += [{"name": name, "children": children} for name, children in names]
    skin["joints"] = [0, 3]
    matrices = glb.doc["accessors"][skin["inverseBindMatrices"]]
    glb._bin = memoryview(bytes(glb._bin) + np.tile(np.eye(4, dtype="<f4"), (2, 1, 1)).tobytes())
    glb.doc["buffers"][0]["byteLength"] = len(glb._bin)
    glb.doc["bufferViews"].append({"buffer": 0, "byteOffset": len(glb._bin) - 128, "byteLength": 128})
    matrices |= {"bufferView": len(glb.doc["bufferViews"]) - 1, "count": 2}
    as_made = bake_clips(glb)["idle"].matrices
    np.testing.assert_allclose(as_made, fake_avatar().clips["idle"].matrices, atol=1e-5)
    for channel in glb.doc["animations"][0]["channels"]:
        channel["target"]["node"] = 3  # now the chest nods, and the head goes with it
    np.testing.assert_allclose(bake_clips(glb)["idle"].matrices, np.tile(np.eye(4), (len(as_made), 1, 1)), atol=1e-5)


@pytest.mark.parametrize("path", [DATA / "james.zip", share_file("models/avatar.zip")], ids=["lam", "built in"])
def test_real_shoulders_stay_and_real_faces_follow(path):
    if not path.is_file():
        pytest.skip("needs shared/data/avatars (or AVATAR_ROS_TEST_DATA)")
    avatar = load_avatar(path)
    height = avatar.positions[:, 1]
    shoulders = (height < SHOULDERS_M) & (np.abs(avatar.positions[:, 0]) > 0.07)
    assert shoulders.sum() > 50 and avatar.head_share[shoulders].mean() < 0.1
    assert avatar.head_share[height > FACE_M].min() > 0.9
    between = (avatar.head_share > 0.1) & (avatar.head_share < 0.9)
    assert between.sum() > 100, "the neck bends, it is not cut"
    assert 1.58 < avatar.neck.pivot[1] < 1.64
    for clip in avatar.clips.values():
        neck = np.array([0, 1.56, -0.03, 1])
        moved_m = np.linalg.norm((clip.matrices @ neck - neck)[:, :3], axis=1).max()
        assert moved_m < 0.015, f"{clip.name} tears the neck by {1000 * moved_m:.0f} mm"
