"""Which file runs where is decided by the provider that loaded, not by the one that was asked for."""

from pathlib import Path

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.inference import CPU, CUDA, check_shapes, open_network


class Item:
    def __init__(self, name, shape):
        self.name, self.shape = name, shape


class Session:
    """What of onnxruntime's session is asked for; `loads`: the providers that this machine really has."""

    def __init__(self, file, providers, loads):
        self.file, self._providers = file, [p for p in providers if p in loads]

    def get_providers(self):
        return self._providers

    def get_inputs(self):
        return [Item("features", [1, "frames", 8])]

    def get_outputs(self):
        return [Item("weights", [1, "frames", 52])]


@pytest.fixture
def files(tmp_path):
    found = {name: tmp_path / f"{name}.onnx" for name in ("fp32", "int8", "fp16")}
    for path in found.values():
        path.write_bytes(b"")
    return found


def opened(files, loads, available, **more):
    return open_network(files, lambda file, providers: Session(file, providers, loads), available, **more)


def test_int8_on_the_cpu(files):
    network = opened(files, [CPU], [CPU])
    assert (network.precision, network.provider, network.warning) == ("int8", CPU, "")
    assert network.session.file == files["int8"]


def test_fp16_on_cuda(files):
    network = opened(files, [CUDA, CPU], [CUDA, CPU])
    assert (network.precision, network.provider, network.warning) == ("fp16", CUDA, "")


def test_cuda_that_is_listed_and_does_not_load_ends_with_int8(files):
    network = opened(files, [CPU], [CUDA, CPU])
    assert (network.precision, network.provider) == ("int8", CPU)
    assert "could not load" in network.warning


def test_cuda_that_is_not_there_is_said(files):
    assert "none" in opened(files, [CPU], [CPU], device="cuda").warning
    assert not opened(files, [CUDA, CPU], [CUDA, CPU], device="cpu").warning


def test_device_cpu_leaves_cuda_alone(files):
    assert opened(files, [CUDA, CPU], [CUDA, CPU], device="cpu").precision == "int8"


def test_a_forced_precision_and_a_missing_one(files):
    assert opened(files, [CPU], [CPU], precision="fp32").precision == "fp32"
    with pytest.raises(ConfigError, match="int8") as raised:
        opened({"fp32": files["fp32"]}, [CPU], [CPU], precision="int8")
    assert raised.value.code == "model_file_missing"


def test_without_copies_the_network_runs_as_it_is(files):
    assert opened({"fp32": files["fp32"]}, [CPU], [CPU]).precision == "fp32"


def test_a_file_that_is_gone_is_named():
    with pytest.raises(ConfigError, match="gone"):
        opened({"int8": Path("/nowhere/gone.onnx")}, [CPU], [CPU])


@pytest.mark.parametrize(("inputs", "outputs"), [
    ({"features": [1, None, 9]}, {"weights": [1, None, 52]}),
    ({"sound": [1, None, 8]}, {"weights": [1, None, 52]}),
    ({"features": [1, None, 8]}, {"weights": [1, None, 51]}),
    ({"features": [1, 8]}, {"weights": [1, None, 52]}),
])  # fmt: skip
def test_shapes_that_do_not_fit_are_named(files, inputs, outputs):
    network = opened(files, [CPU], [CPU])
    check_shapes(network, {"features": [1, None, 8]}, {"weights": [1, None, 52]})
    with pytest.raises(ConfigError, match=r"int8\.onnx has") as raised:
        check_shapes(network, inputs, outputs)
    assert raised.value.code == "model_shape"


@pytest.mark.parametrize("time", ["frames", None])
def test_a_size_that_varies_has_a_name_or_none(files, time):
    network = opened(files, [CPU], [CPU])
    network.session.get_inputs = lambda: [Item("features", [1, time, 8])]
    check_shapes(network, {"features": [1, None, 8]}, {"weights": [1, None, 52]})


@pytest.mark.parametrize(("frames_in", "frames_out", "named"), [(9, "frames", "input"), ("frames", 9, "output")])
def test_a_network_for_one_length_only_is_refused(files, frames_in, frames_out, named):
    network = opened(files, [CPU], [CPU])
    network.session.get_inputs = lambda: [Item("features", [1, frames_in, 8])]
    network.session.get_outputs = lambda: [Item("weights", [1, frames_out, 52])]
    with pytest.raises(ConfigError, match=rf"{named} .*9.*variable") as raised:
        check_shapes(network, {"features": [1, None, 8]}, {"weights": [1, None, 52]})
    assert raised.value.code == "model_shape"
