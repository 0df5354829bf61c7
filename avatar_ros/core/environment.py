"""What a process of ours is given of its parent's environment: what it needs, by name, and no more.

A list of what is allowed, since the names of secrets cannot be listed: SENTRY_DSN, DATABASE_URL, the name that a user
chose for key_variable. AVATAR_ROS_PASS names more ("MY_PLUGIN,OTHER").
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping

#: Names of further variables that every node and helper is to have, joined by commas.
PASS = "AVATAR_ROS_PASS"

_NAMES = """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TZDIR TMPDIR TMP TEMP TERM COLUMNS LINES NO_COLOR PWD HOSTNAME
    DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS AUDIODEV VIRTUAL_ENV CMAKE_PREFIX_PATH DO_NOT_TRACK FAKETIME
    SOURCE_DATE_EPOCH INVOCATION_ID NOTIFY_SOCKET SKIP_DEFAULT_XML_FILE
""".split()
#: Beginnings: the system's and the loader's, ROS and its transports, sound, screen, processors, memory checkers.
_FAMILIES = """
    LC_ XDG_ LD_ GLIBC_ MALLOC_ PYTHON AVATAR_ SSL_CERT_
    ROS_ _ROS_ RMW_ RCL_ RCUTILS_ FASTRTPS_ FASTDDS_ CYCLONEDDS_ ZENOH_ AMENT_ COLCON_ LTTNG_
    PULSE_ PIPEWIRE_ ALSA_ JACK_ PA_ ESPEAK_
    SDL_ PYGAME_ WAYLAND_ XKB_ MESA_ LIBGL_ EGL_ GBM_ DRI_ VK_ __GL __EGL __NV __VK
    NVIDIA_ CUDA_ CUBLAS_ CUDNN_ TRITON_ TORCH PYTORCH_ ORT_ OMP_ OPENBLAS_ MKL_ BLIS_ GOMP_ KMP_ OPENCV_
    HF_ TRANSFORMERS_
    ASAN_ UBSAN_ LSAN_ TSAN_ FAKETIME_ COVERAGE_ COV_
""".split()
#: Never by their family: NVIDIA_API_KEY, HF_TOKEN.
_SECRET = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)S?(_|$)", re.I)
#: For nodes that call a service: its proxy, which may hold a password.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SERVICE_NAMES = (*_PROXIES, *(name.upper() for name in _PROXIES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def needed(env: Mapping[str, str] = os.environ, besides: Collection[str] = ()) -> dict[str, str]:
    """The part of `env` that any process of ours may have, and the variables named in `besides`."""
    named = {name.strip() for name in env.get(PASS, "").split(",")} | {PASS, *besides}
    return {name: value for name, value in env.items() if name in named or _is_harmless(name)}


def _is_harmless(name: str) -> bool:
    return name in _NAMES or (name.startswith(tuple(_FAMILIES)) and not _SECRET.search(name))
