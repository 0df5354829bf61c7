"""Parts of a network, cut out of its file, beside the network as a whole."""

import numpy as np
import pytest

from avatar_ros.core.onnx_cut import OnnxGraph

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
ort = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def whole():
    """Networks: y = relu(x @ w + b) @ v; z = the branch that `pick` chooses, of which one takes b from outside."""
    node, info = helper.make_node, helper.make_tensor_value_info
    rng = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
        for name, shape in (("w", (3, 4)), ("b", (4,)), ("v", (4, 2)), ("unused", (1000,)))
    ]
    then = helper.make_graph([node("Identity", ["b"], ["t"])], "then", [], [info("t", TensorProto.FLOAT, None)])
    other = helper.make_graph([node("Neg", ["b"], ["e"])], "else", [], [info("e", TensorProto.FLOAT, None)])
    nodes = [
        node("MatMul", ["x", "w"], ["p"], name="first"),
        node("Add", ["p", "b"], ["q"]),
        node("Relu", ["q"], ["h"]),
        node("MatMul", ["h", "v"], ["y"]),
        node("If", ["pick"], ["z"], then_branch=then, else_branch=other),
    ]
    inputs = [info("x", TensorProto.FLOAT, ["n", 3]), info("pick", TensorProto.BOOL, [])]
    outputs = [info("y", TensorProto.FLOAT, ["n", 2]), info("z", TensorProto.FLOAT, [4])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8).SerializeToString()


def run(data, feed, outputs=None):
    return ort.InferenceSession(data).run(outputs, feed)


def test_two_halves_give_what_the_whole_gives():
    data, x = whole(), np.float32([[1, 2, 3], [-1, 0, 2]])
    graph = OnnxGraph(data)
    first, second = graph.cut(["h", "p"]), graph.cut(["y"], ["h"])
    h, p = run(first, {"x": x})
    assert np.array_equal(run(second, {"h": h})[0], run(data, {"x": x, "pick": np.array(True)}, ["y"])[0])
    assert p.shape == (2, 4)
    assert len(first) < len(data) - 4000, "weights that are not needed stay behind"


def test_what_a_branch_takes_from_outside_comes_along():
    part = OnnxGraph(whole()).cut(["z"])
    yes, no = (run(part, {"pick": np.array(value)})[0] for value in (True, False))
    assert np.array_equal(yes, -no)


def test_names_and_shapes_are_read():
    graph = OnnxGraph(whole())
    assert [node.operator for node in graph.nodes] == ["MatMul", "Add", "Relu", "MatMul", "If"]
    assert graph.nodes[0].name == "first" and graph.nodes[0].inputs == ("x", "w")
    assert graph.inputs == ["x", "pick"] and graph.outputs == ["y", "z"]
    assert graph.shapes["w"] == (3, 4)


def test_what_nothing_computes_is_named():
    with pytest.raises(ValueError, match="computes nowhere"):
        OnnxGraph(whole()).cut(["nowhere"])


def test_damaged_files_raise_a_value_error_and_nothing_else():
    data, rng = whole(), np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        broken = bytearray(data[: rng.integers(1, len(data))] if rng.random() < 0.5 else data)
        for at in rng.integers(0, len(broken), 4):
            broken[at] = rng.integers(0, 256)
        try:
            OnnxGraph(bytes(broken)).cut(["y"])
        except ValueError:
            refused += 1
    assert refused > 100
