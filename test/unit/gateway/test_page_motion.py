"""The page moves as the kiosk does: face.js and clips.js against render/face.py and render/clip_mixer.py, by node."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.core.enums import AgentState, InterruptAction, Layer, PlaybackState
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Expression, PlaybackClock
from avatar_ros.gateway.avatar_binary import to_binary
from avatar_ros.gateway.avatar_binary_reader import from_binary
from avatar_ros.render.clip_mixer import ClipMixer, pose_matrix
from avatar_ros.render.face import Face
from page_node import run_node

RATE_HZ = 24000

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (apt install nodejs)")


def story(seed: int) -> list[dict]:
    """Faces, clocks, orders and instants in the order of time: a turn, held, gone on with, cancelled, another turn."""
    rng = np.random.default_rng(seed)
    events: list[dict] = []

    def face(**fields: object) -> dict:
        rotation = np.array([1.0, *rng.normal(0, 0.1, 3)])
        rotation /= np.linalg.norm(rotation)
        translation = rng.normal(0, 0.01, 3).tolist()
        return {**fields, "weights": rng.random(52).tolist(), "rotation": rotation.tolist(), "translation": translation}

    idle_s = sorted([*np.arange(0.0, 2.0, 1 / 30), *np.arange(4.0, 6.0, 1 / 30)])
    events += [face(what="idle", at_s=at_s) for at_s in idle_s]
    for turn, begins_s in ((1, 0.5), (2, 3.0)):
        samples = [k * 800 for k in range(45) if not 20 < k < 27]  # a gap of 0.2 s
        events += [face(what="speech", at_s=begins_s - 0.1 + k * 0.03, turn=turn, sample=sample)
                   for k, sample in enumerate(samples)]  # fmt: skip

    def clock(at_s: float, turn: int, sample: int, state: str) -> None:
        events.append({"what": "clock", "at_s": at_s, "turn": turn, "sample": sample, "state": state})

    for k in range(20):
        clock(0.5 + 0.04 * k, 1, 960 * k, "playing")
    events.append({"what": "order", "at_s": 1.31, "turn": 1, "action": "pause"})
    clock(1.33, 1, 19200, "paused")
    events.append({"what": "order", "at_s": 1.7, "turn": 1, "action": "resume"})
    clock(1.71, 1, 19200, "playing")
    events.append({"what": "order", "at_s": 2.0, "turn": 1, "action": "cancel"})
    clock(2.03, 1, 26000, "ended")
    for k in range(30):
        clock(3.0 + 0.04 * k, 2, 960 * k, "playing")
    events += [{"what": "look", "at_s": float(at_s)} for at_s in np.arange(0.003, 7.0, 1 / 60)]
    return sorted(events, key=lambda event: event["at_s"])


def ours(events: list[dict]) -> list[list[float]]:
    """What render/face.py shows at each look: weights, rotation, translation, sample."""
    face, shown = Face(), []
    for event in events:
        at_s, ns = event["at_s"], round(event["at_s"] * 1e9)
        if event["what"] in ("idle", "speech"):
            layer = Layer.IDLE if event["what"] == "idle" else Layer.SPEECH
            face.express(Expression(
                turn=event.get("turn", 0), layer=layer, sample=event.get("sample", 0), sample_rate_hz=RATE_HZ,
                weights=np.array(event["weights"], np.float32), head_rotation=tuple(event["rotation"]),
                head_translation=tuple(event["translation"]), steady_ns=ns,
            ))  # fmt: skip
        elif event["what"] == "clock":
            state = PlaybackState[event["state"].upper()]
            face.playback(PlaybackClock(turn=event["turn"], sample=event["sample"], state=state, steady_ns=ns))
        elif event["what"] == "order":
            face.interrupt(Interrupt(turn=event["turn"], action=InterruptAction[event["action"].upper()]))
        else:
            state = face.at(at_s)
            shown.append([*state.weights.tolist(), *state.head.rotation, *state.head.translation, state.sample])
    return shown


FACE_SCRIPT = """
const { Face } = await import(page + 'face.js');
const { safePose } = await import(page + 'pose.js');
const face = new Face(), shown = [];
for (const event of given) {
  const pose = () => ({ weights: Float32Array.from(event.weights), head: safePose(event.rotation, event.translation) });
  if (event.what === 'idle') face.beIdle(event.at_s, pose());
  else if (event.what === 'speech') face.express(event.turn, event.sample, 24000, pose());
  else if (event.what === 'clock') face.playback({ ...event, atS: event.at_s, rateHz: 24000 });
  else if (event.what === 'order') face.order(event.action, event.turn);
  else {
    const { weights, head, sample } = face.at(event.at_s);
    shown.push([...weights, ...head.rotation, ...head.translation, sample]);
  }
}
console.log(JSON.stringify(shown));
"""


@pytest.mark.parametrize("seed", [0, 1])
def test_face_is_the_kiosks(tmp_path, seed):
    events = story(seed)
    theirs, reference = np.array(run_node(tmp_path, FACE_SCRIPT, events)), np.array(ours(events))
    assert theirs.shape == reference.shape
    assert np.ptp(reference[:, :52], axis=0).min() > 0.3, "the story moves every weight"
    np.testing.assert_allclose(theirs[:, :-1], reference[:, :-1], atol=2e-5)
    assert np.abs(theirs[:, -1] - reference[:, -1]).max() <= 1


CLIP_SCRIPT = """
const { ClipMixer } = await import(page + 'clips.js');
const { readAvatar } = await import(page + 'avatar_file.js');
const { poseMatrix, product, rigid } = await import(page + 'pose.js');
const bytes = readFileSync(given.file);
const avatar = readAvatar(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const mixer = new ClipMixer(avatar.clips, given.amount), shown = [];
let k = 0;
for (const at of given.looks) {
  while (k < given.states.length && given.states[k][0] <= at) mixer.setState(given.states[k][1], given.states[k++][0]);
  shown.push([...product(mixer.at(at), poseMatrix(given.pose, avatar.pivot))]);
}
console.log(JSON.stringify(shown));
"""


def test_clips_are_the_kiosks(tmp_path):
    avatar = fake_avatar(80)
    names = ("yumi_h5_idle", "think_part_1", "think_part_2", "speak_1", "speak_2", "hello")
    nod = avatar.clips["idle"]
    counts = {name: 61 - 7 * k for k, name in enumerate(names)}
    clips = {name: type(nod)(name, nod.times_s[:n], nod.matrices[:n]) for name, n in counts.items()}
    avatar = type(avatar)(**{**vars(avatar), "clips": clips})
    blob = to_binary(avatar)
    (tmp_path / "avatar.bin").write_bytes(blob)
    states = [[0.0, "idle"], [3.0, "listening"], [4.1, "thinking"], [7.0, "speaking"], [15.0, "idle"]]
    looks = np.arange(0.01, 20, 0.07).tolist()
    pose = {"rotation": [0.99, 0.05, 0.1, 0.02], "translation": [0.001, 0.002, 0.003]}
    pose["rotation"] = (np.array(pose["rotation"]) / np.linalg.norm(pose["rotation"])).tolist()
    given = {"file": str(tmp_path / "avatar.bin"), "amount": 0.5, "states": states, "looks": looks, "pose": pose}
    theirs = np.array(run_node(tmp_path, CLIP_SCRIPT, given)).reshape(-1, 4, 4)
    read = from_binary(blob)
    mixer, due, reference = ClipMixer(read.clips, 0.5), list(states), []
    assert read.neck is not None
    for at_s in looks:
        while due and due[0][0] <= at_s:
            since_s, state = due.pop(0)
            mixer.set_state(AgentState[state.upper()], since_s)
        turn = pose_matrix(np.array(pose["rotation"]), np.array(pose["translation"]), np.array(read.neck.pivot))
        reference.append(mixer.at(at_s) @ turn)
    assert np.ptp(np.array(reference), axis=0).max() > 0.05, "the clips move"
    np.testing.assert_allclose(theirs, np.array(reference), atol=2e-5)
