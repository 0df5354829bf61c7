"""A part of an ONNX network as a network of its own, cut out at tensors inside it; without the package `onnx`.

The file is read and written as protobuf, with the field numbers of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .protobuf import BYTES, VARINT, Field, fields, text, varint

# Field numbers: of ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto.
_GRAPH = 7
_NODE, _GRAPH_NAME, _INITIALIZER, _INPUT, _OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS = 6, 11
_TENSOR_DIMS, _TENSOR_NAME = 1, 8
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TENSOR_TYPE, _ELEMENT_TYPE, _FLOAT = 1, 1, 1


@dataclass(frozen=True)
class Node:
    """An operation: its name, its operator, the tensors it takes and gives. whole: where it lies in the file."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    whole: slice


class OnnxGraph:
    """The network of an ONNX file. data: the file. Raises ValueError where it is none, or ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        top = list(fields(data, slice(0, len(data))))
        graphs = [field for field in top if field.number == _GRAPH]
        if len(graphs) != 1:
            raise ValueError("this is no ONNX file")
        self._around = [field for field in top if field.number != _GRAPH]
        self._parts = list(fields(data, graphs[0].content))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """In the order of the file, which is that of the work."""
        return tuple(self._node(field) for field in self._parts if field.number == _NODE)

    @property
    def inputs(self) -> list[str]:
        """What the network is given; weights are none."""
        return [name for name, _ in self._named(_INPUT, _VALUE_NAME) if name not in self.shapes]

    @property
    def outputs(self) -> list[str]:
        """What it gives."""
        return [name for name, _ in self._named(_OUTPUT, _VALUE_NAME)]

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights' names and shapes."""
        fields = (field for field in self._parts if field.number == _INITIALIZER)
        return {self._texts(field, _TENSOR_NAME)[0]: tuple(self._dims(field)) for field in fields}

    def cut(self, outputs: Sequence[str], inputs: Sequence[str] = ()) -> bytes:
        """The file of a network that computes the tensors `outputs`, given the tensors `inputs` beside those of its own
        inputs that are needed for it. What is no input or output of the whole network is taken to be float32.

        Raises ValueError for an output that nothing computes.
        """
        nodes, needed = self._needed(set(outputs), set(inputs))
        kept = [field.whole for field in self._parts if field.number == _GRAPH_NAME]
        kept += [node.whole for node in nodes]
        kept += [whole for name, whole in self._named(_INITIALIZER, _TENSOR_NAME) if name in needed]
        kept += [whole for name, whole in self._named(_INPUT, _VALUE_NAME) if name in needed - set(inputs)]
        own = dict(self._named(_OUTPUT, _VALUE_NAME))
        pieces = [self._data[whole] for whole in kept]
        pieces += [_message(_INPUT, _float_value(name)) for name in inputs]
        pieces += [self._data[own[name]] if name in own else _message(_OUTPUT, _float_value(name)) for name in outputs]
        around = b"".join(self._data[field.whole] for field in self._around)
        return around + _message(_GRAPH, b"".join(pieces))

    def _needed(self, wanted: set[str], given: set[str]) -> tuple[list[Node], set[str]]:
        """The nodes that `wanted` takes, in order, and all tensors that they need."""
        needed, nodes, made = set(wanted), list[Node](), set[str]()
        for node in reversed(self.nodes):
            if not given & set(node.outputs) and needed & set(node.outputs):
                nodes.append(node)
                needed.update(node.inputs)
                made.update(node.outputs)
        if lacking := wanted - made:
            raise ValueError(f"nothing in the network computes {', '.join(sorted(lacking))}")
        return nodes[::-1], needed

    def _named(self, number: int, name_field: int) -> Iterator[tuple[str, slice]]:
        for field in self._parts:
            if field.number == number:
                yield self._texts(field, name_field)[0], field.whole

    def _node(self, field: Field) -> Node:
        inner = list(fields(self._data, field.content))
        texts = {
            number: tuple(text(self._data, part) for part in inner if part.number == number)
            for number in (_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OP)
        }
        outer = [name for part in inner if part.number == _NODE_ATTRIBUTE for name in self._used_within(part)]
        name, operator = ("".join(texts[number]) for number in (_NODE_NAME, _NODE_OP))
        return Node(name, operator, (*texts[_NODE_INPUT], *outer), texts[_NODE_OUTPUT], field.whole)

    def _used_within(self, attribute: Field) -> Iterator[str]:
        """Tensors that the graphs in an attribute (a loop's, a branch's) may take from the graph around them."""
        for graph in fields(self._data, attribute.content):
            if graph.kind == BYTES and graph.number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                for part in fields(self._data, graph.content):
                    if part.number == _NODE:
                        yield from self._node(part).inputs
                    elif part.number == _OUTPUT:
                        yield from self._texts(part, _VALUE_NAME)

    def _texts(self, field: Field, number: int) -> list[str]:
        return [text(self._data, part) for part in fields(self._data, field.content) if part.number == number]

    def _dims(self, tensor: Field) -> Iterator[int]:
        for part in fields(self._data, tensor.content):
            if part.number == _TENSOR_DIMS and part.kind == VARINT:
                yield varint(self._data, part.content.start)[0]
            elif part.number == _TENSOR_DIMS:  # packed
                at = part.content.start
                while at < part.content.stop:
                    size, at = varint(self._data, at)
                    yield size


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _message(number: int, content: bytes) -> bytes:
    return b"".join((_number(number << 3 | BYTES), _number(len(content)), content))


def _float_value(name: str) -> bytes:
    """A ValueInfoProto of a float32 tensor of any shape."""
    tensor = _number(_ELEMENT_TYPE << 3 | VARINT) + _number(_FLOAT)
    return _message(_VALUE_NAME, name.encode()) + _message(_VALUE_TYPE, _message(_TENSOR_TYPE, tensor))
