"""What a process of ours is given of its parent's environment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from avatar_ros.core.environment import PASS, needed
from avatar_ros.core.helper_process import Helper

SECRETS = (
    *("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "NVIDIA_API_KEY", "HF_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
    *("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "DATABASE_URL", "SENTRY_DSN"),
    *("SSH_AUTH_SOCK", "GOOGLE_APPLICATION_CREDENTIALS", "BRAIN", "MY_SECRETS", "PYTHON_KEY", "ROS_API_TOKENS"),
    *("https_proxy", "HTTP_PROXY", "PIP_INDEX_URL", "OPENAI_ORG_ID", "TORCH_HUB_AUTH"),
)
NEEDED = """
    PATH HOME LANG LC_ALL TZ DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR LD_PRELOAD LD_LIBRARY_PATH PYTHONPATH
    AMENT_PREFIX_PATH ROS_DOMAIN_ID ROS_SECURITY_KEYSTORE RMW_IMPLEMENTATION FASTRTPS_DEFAULT_PROFILES_FILE
    CYCLONEDDS_URI _ROS_WHEELS_BOOTSTRAP_COMPLETE
    PULSE_SERVER PULSE_COOKIE ALSA_CONFIG_PATH SDL_VIDEODRIVER OPENBLAS_NUM_THREADS
    CUDA_VISIBLE_DEVICES AVATAR_SIMD_WIDTH ORT_DISABLE_TELEMETRY SSL_CERT_FILE NVIDIA_VISIBLE_DEVICES
    __GLX_VENDOR_LIBRARY_NAME
""".split()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_stays(name):
    assert needed({name: "x"}) == {} and needed({name: "x"}, (name,)) == {name: "x"}


@pytest.mark.parametrize("name", NEEDED)
def test_what_system_sound_screen_and_ros_need_is_given(name):
    assert needed({name: "x"}) == {name: "x"}


def test_a_user_may_name_more():
    env = {PASS: "MY_PLUGIN, OTHER_KEY", "MY_PLUGIN": "1", "OTHER_KEY": "2", "THIRD": "3"}
    assert needed(env) == {PASS: env[PASS], "MY_PLUGIN": "1", "OTHER_KEY": "2"}


def test_a_helper_is_given_no_key(monkeypatch):
    """Of a real process, what /proc shows."""
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    for name in SECRETS:
        monkeypatch.setenv(name, "hush-hush")
    helper = Helper("avatar_ros.tts.espeak_process")
    try:
        shown, until_s = b"", time.monotonic() + 30.0
        while not shown and time.monotonic() < until_s:  # empty while it is becoming that program
            shown = Path(f"/proc/{helper.process.pid}/environ").read_bytes()
    finally:
        helper.close()
    assert b"PATH=" in shown and b"hush-hush" not in shown
