"""`pip install .` into an environment that has ROS 2: the Python part and the shipped files.

Messages and rasteriser are built by colcon (CMakeLists.txt); `./avatar` does all of it. The requirements are those of
requirements/*.txt; `pip install '.[edge]'` adds requirements/edge.txt. What is there installed without dependencies pip
cannot be told here: silero-vad, without which the kiosk does not hear, asks for torch that nothing uses. After this,
`pip install --no-deps -r requirements/no_deps.txt` (for the extras meaning, sensevoice, turn_detector and whisper
no_deps_….txt too).
"""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SHARE = "share/avatar_ros"
EXTRAS = (
    *("edge", "gl", "gpu", "meaning", "neural", "openai", "people", "piper", "recording", "sensevoice", "sherpa"),
    *("test", "turn_detector", "web", "webrtc", "whisper"),
)


def requirements(group: str) -> list[str]:
    """The requirements of a group and of those that it includes, comments and pip's other options left out."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / f"requirements/{group}.txt").read_text().splitlines()]
    included = [line[3:].removesuffix(".txt") for line in lines if line.startswith("-r ")]
    own = [line for line in lines if line and not line.startswith("-")]
    return own + [line for group in included for line in requirements(group)]


def shared_files() -> list[tuple[str, list[str]]]:
    """Launch files, profiles, avatars and pages, as share/avatar_ros of the environment."""
    folders = [ROOT / name for name in ("launch", "config", "models", "docs")]
    files = [path.relative_to(ROOT) for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [(f"{SHARE}/{file.parent}", [str(file)]) for file in sorted(files) if "__pycache__" not in file.parts]


setup(
    name="avatar_ros",
    version="0.1.0",
    description="A talking face for robots and kiosks, as one ROS 2 package",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["avatar_ros", "avatar_ros.*"]),
    package_data={"avatar_ros": ["py.typed", "gateway/page/**/*"]},
    data_files=[(SHARE, ["package.xml"]), *shared_files()],
    install_requires=requirements("embedded") + requirements("aec"),
    extras_require={group: requirements(group) for group in EXTRAS},
    entry_points={"console_scripts": ["avatar = avatar_ros.cli:main"]},
    zip_safe=False,
)
