"""Text from right to left: what is drawn where, and letters that join."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from avatar_ros.display.base import Captions, DisplaySettings
from avatar_ros.display.caption_writer import CaptionWriter
from avatar_ros.display.fonts import best_font, font, has, missing_font, pygame
from avatar_ros.display.reading_order import TextRun, drawn_runs, reads_leftwards

pygame.font.init()
ALEF, BET, GIMEL = "\u05d0", "\u05d1", "\u05d2"


def drawn(line: str) -> str:
    """The line as its letters stand from left to right."""
    runs = drawn_runs(line, reads_leftwards(line))
    assert "".join(sorted(line)) == "".join(sorted("".join(run.text for run in runs)))
    return "".join(run.text[::-1] if run.right_to_left else run.text for run in runs)


@pytest.mark.parametrize(
    ("line", "expected"),
    [  # checked with python-bidi 0.6, which takes the whole algorithm; so were 20 000 random lines
        ("abc", "abc"),
        (f"{ALEF}{BET}{GIMEL}", f"{GIMEL}{BET}{ALEF}"),
        (f"abc {ALEF}{BET} def", f"abc {BET}{ALEF} def"),
        (f"{ALEF}{BET} abc {GIMEL}", f"{GIMEL} abc {BET}{ALEF}"),
        (f"{ALEF}{BET} 15:20, {GIMEL}", f"{GIMEL} ,15:20 {BET}{ALEF}"),
        (f"{ALEF} 10% {BET}.", f".{BET} 10% {ALEF}"),
        ("مر 3,5 م", "م 3,5 رم"),
        (f"abc {ALEF} 12 {BET}!", f"abc {BET} 12 {ALEF}!"),
        ("12 abc", "12 abc"),
        ("", ""),
    ],
)
def test_the_order_in_which_a_line_is_drawn(line: str, expected: str) -> None:
    assert drawn(line) == expected


FIRST = [("123 مر", True), ("Hallo مر", False), ("12:30", False), ("„שלום“", True)]


@pytest.mark.parametrize(("text", "leftwards"), FIRST)
def test_the_first_letter_decides_the_paragraph(text: str, leftwards: bool) -> None:
    assert reads_leftwards(text) is leftwards


def test_a_run_names_the_script_that_it_is_shaped_as() -> None:
    assert [run.script for run in drawn_runs("مرحبا Visitor", True)] == ["Latn", "Arab"]
    assert drawn_runs("नमस्ते", False) == [TextRun("नमस्ते", False, "Deva")]


def needs(text: str) -> None:
    if problem := missing_font(frozenset(text) - {" "}):
        pytest.skip(problem)


@pytest.mark.parametrize("text", ["مرحبا", "नमस्ते", "洗手间", "トイレ", "화장실"])
def test_letters_that_no_font_has_are_named_with_their_package(text: str) -> None:
    problem = missing_font(frozenset(text))
    path = best_font(frozenset(text))
    if all(has(path, letter) for letter in text):
        assert not problem
    else:
        assert "sudo apt install fonts-noto-" in problem


def test_letters_that_nobody_has_are_a_problem_of_the_writer() -> None:
    writer = CaptionWriter(DisplaySettings(captions=True))
    writer.patch(Captions("", "Hello"), (1080, 1920), 1900)
    assert writer.problem == ""
    unknown = "\U00010a60"  # Old South Arabian
    if has(best_font(frozenset(unknown)), unknown):
        pytest.skip("this machine has a font of Old South Arabian")
    writer.patch(Captions("", unknown), (1080, 1920), 1900)
    assert "Old" in writer.problem


def test_an_empty_box_is_no_letter() -> None:
    path = best_font(frozenset("abc"))
    assert has(path, "a") and not has(path, "\ufdd1")


def test_arabic_letters_join() -> None:
    needs("مرحبا")
    path = best_font(frozenset("مرحبا"))
    joined, apart = font(path, 48, "Arab", True).size("سس")[0], 2 * font(path, 48, "Arab", True).size("س")[0]
    assert joined != apart


def test_a_line_of_two_directions_is_drawn_whole() -> None:
    text = "اسم الشبكة Visitor والساعة 15:20"
    needs(text)
    writer = CaptionWriter(DisplaySettings(captions=True))
    patch = writer.patch(Captions("", text), (1080, 1920), 1900)
    light = patch.pixels[:, :, :3].min(axis=2) > 128
    columns = np.flatnonzero(light.any(axis=0))
    # it begins on the right: the first letter, alef, is one stroke high
    assert columns[-1] > 0.9 * patch.pixels.shape[1] - 40
    assert unicodedata.bidirectional(text[0]) == "AL"
