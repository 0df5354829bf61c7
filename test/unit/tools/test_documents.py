"""The pages for people: links lead somewhere, names exist, and what must be listed is."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from avatar_ros.bringup.graph import PROFILES
from avatar_ros.bringup.machine.main import OWN_VERBS, parse
from avatar_ros.cli import VERBS, parser_for
from avatar_ros.core.topics import TOPICS

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "avatar_ros"
README = ROOT / "README.md"
LONGEST_README = 150
FOLDERS = ("docs", "models", "docker", "examples")
PAGES = sorted({README, ROOT / "CHANGELOG.md", *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))})
#: Pages that other branches bring: their links count from the moment they exist. Empty this once all are merged.
COMING: set[str] = set()
#: By the reader of a page that says how.
TO_BE_WRITTEN = {"avatar_ros/tts/beeps.py"}
#: Topics that are no message of ours.
OTHER_TOPICS = {"image_raw", "/diagnostics"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|yaml|txt|msg|onnx|cpp|rviz|service))`")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """What its headings are called in links, as GitHub makes it."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", text, re.M):
        plain = LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken(page: Path, text: str) -> Iterator[str]:
    """Relative links of the page that lead nowhere."""
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            if target.is_relative_to(ROOT) and str(target.relative_to(ROOT)) in COMING:
                continue
            yield f"{link}: no such file"
        elif anchor and anchor not in anchors(prose(target)):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert not list(broken(page, prose(page)))


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One `two`, three\n")
    text = "[a](page.md#one-two-three) [b](gone.md) [c](#four) [d](https://example.org/x)"
    assert list(broken(page, text)) == ["gone.md: no such file", "#four: no such heading"]


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    """From the checkout's root, the package or the page's own folder."""
    places = (ROOT, PACKAGE, page.parent)
    missing = {name for name in FILE.findall(prose(page)) if not any((place / name).exists() for place in places)}
    assert not {name for name in missing - TO_BE_WRITTEN if not name.startswith(("data/", "samples/"))}  # of data sets


def test_the_readme_is_short_and_every_page_is_in_the_index():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README
    index = {link.partition("#")[0] for link in LINK.findall(prose(ROOT / "docs/README.md"))}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= index


def path_of_a_turn() -> list[tuple[str, str]]:
    """(topics, folders) of each step in the README."""
    section = re.search(r"^## The path of a turn$(.*?)^## ", README.read_text(encoding="utf-8"), re.S | re.M)
    assert section
    rows = [line.split("|")[2:4] for line in section[1].splitlines() if line.startswith("| ")][1:]
    return [(topics, folders) for topics, folders in rows]


def test_the_path_of_a_turn_names_what_exists():
    steps = path_of_a_turn()
    named = {topic for topics, _ in steps for topic in re.findall(r"`([\w/]+)`", topics)}
    assert named <= set(TOPICS) | OTHER_TOPICS, named - set(TOPICS)
    for _, folders in steps:
        rooms = re.findall(r"`(\w+)/`", folders)
        assert rooms and all((PACKAGE / room).is_dir() for room in rooms), folders
        for name in re.findall(r"`(\w+\.py)`", folders):
            assert any((PACKAGE / room / name).is_file() for room in rooms), name


def test_every_topic_of_the_speech_path_is_on_the_path_of_a_turn():
    told = " ".join(topics for topics, _ in path_of_a_turn())
    asides = {"mic/talk", "speech/fault", "session", "say", "say_result", "gaze_target", "control", "gesture", "offer"}
    asides |= {"speech/draft", "mic/direction", "people", "wear", "wear_result"}
    assert {topic for topic in TOPICS if f"`{topic}`" not in told} == asides


def first_cells(page: str, heading: str) -> set[str]:
    """What stands in backticks in the first column of the first table below a heading."""
    text = (ROOT / page).read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_verb_and_profile_is_explained():
    assert {words.split()[1] for words in first_cells("docs/quick_start.md", "All verbs")} == {*VERBS, *OWN_VERBS}
    assert first_cells("docs/parameters.md", "Profiles") == set(PROFILES)


def commands(page: Path) -> Iterator[list[str]]:
    """What follows `./avatar` in the page's code, as a shell has it; not where something is left out."""
    text = page.read_text(encoding="utf-8")
    blocks = [line for block in FENCE.finditer(text) for line in block[0].splitlines()]
    for code in (*blocks, *re.findall(r"`([^`\n]+)`", prose(page))):
        command = re.match(r"(?:\w+=\S* )*\./avatar +((?:[^|&\s]| {1,2}(?! ))+)", code)
        if command and not re.search(r"…|\[--|\b[A-Z]{4,}\b|-c \"$", command[1]):
            with suppress(ValueError):  # a quotation that goes on in the next line
                yield shlex.split(command[1], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_gives_can_be_given(page, capsys):
    """The verb exists, with these options and values."""
    for words in commands(page):
        call = parse(words)
        if call.verb in OWN_VERBS or not call.verb or call.verb.startswith("-"):
            continue
        assert call.verb in VERBS, words
        if call.rest:
            try:
                parser_for(call.verb).parse_args([call.verb, *call.rest])
            except SystemExit as told:
                said = capsys.readouterr().err
                assert not told.code or "are required" in said, f"{words}: {said}"


def test_arguments_of_launch_that_a_page_gives_are_declared():
    sources = [*(ROOT / "launch").glob("*.py"), *(PACKAGE / "bringup").glob("*.py")]
    declared = set(re.findall(r"""["'](\w+)["']""", "".join(path.read_text("utf-8") for path in sources)))
    given = set()
    for page in PAGES:
        for line in re.findall(r"ros2 launch avatar_ros (\w+\.launch\.py[^`\n]*)", page.read_text("utf-8")):
            assert (ROOT / "launch" / line.split()[0]).is_file(), line
            given |= set(re.findall(r"\b(\w+):=", line))
    assert len(given) > 5 and given <= declared, given - declared


def pinned() -> set[str]:
    """Libraries that requirements/*.txt name, in lower case; ROS's and colcon's stand for themselves."""
    names = set()
    for file in (ROOT / "requirements").glob("*.txt"):
        if file.name != "constraints.txt":
            names |= set(re.findall(r"^([A-Za-z][\w-]*)(?:\[\w+\])?==", file.read_text(encoding="utf-8"), re.M))
    return {name.lower() for name in names if not name.startswith("ros-") or name == "ros-rclpy"}


def test_licences_name_every_library_and_model():
    text = prose(ROOT / "docs/licences.md").lower()
    models = yaml.safe_load((ROOT / "models/manifest.yaml").read_text(encoding="utf-8"))
    assert len(pinned()) > 30 and len(models) > 3
    assert {
        name for name in (*pinned(), *models) if not re.search(rf"(?<![\w-]){re.escape(name.lower())}(?![\w-])", text)
    } == set()
