"""CUDA's libraries come in wheels of their own; they are loaded before a session asks for them, and only then."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from avatar_ros.core.inference import CPU, CUDA, opener

ERRORS = "Fail InvalidProtobuf InvalidGraph InvalidArgument NoSuchFile NotImplemented RuntimeException".split()


@pytest.mark.parametrize(("providers", "order"), [([CUDA, CPU], ["preload", "open"]), ([CPU], ["open"])])
def test_cudas_libraries_are_loaded_before_a_session_asks_for_them(providers, order):
    done = []
    state = SimpleNamespace(**dict.fromkeys(ERRORS, OSError))
    runtime = SimpleNamespace(
        capi=SimpleNamespace(onnxruntime_pybind11_state=state),
        SessionOptions=lambda: SimpleNamespace(add_session_config_entry=lambda *_: None),
        preload_dlls=lambda: done.append("preload"),
        InferenceSession=lambda *_, providers: done.append("open"),
    )
    opener(runtime, threads=1)(Path("network.onnx"), providers)
    assert done == order
