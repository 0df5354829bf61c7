"""How the page looks and is told: backgrounds as the kiosk's, keyboard, names for a screen reader, both directions."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from avatar_ros.core.backdrop_words import PLAIN
from avatar_ros.core.gradients import studio, vertical
from page_steps import ask, begin_typing, opened

WIDTH, HEIGHT = 900, 600
#: Where neither head nor buttons are, (x, y).
PLACES = ((12, 12), (12, 300), (60, 490), (888, 12), (840, 300), (888, 500))
#: Levels between a gradient of the browser and one of the kiosk, noise of the latter included.
NEAR = 6
DARK = (0x24, 0x27, 0x2C)


def seen(window) -> np.ndarray:
    """The page's pixels [h, w, RGB]."""
    png = np.frombuffer(window.driver.get_screenshot_as_png(), np.uint8)
    return cv2.imdecode(png, cv2.IMREAD_COLOR)[..., ::-1].astype(float)


@pytest.mark.parametrize(
    "address, expected",
    [
        ("?theme=light", studio(PLAIN, WIDTH, HEIGHT)),
        ("?theme=dark", studio(DARK, WIDTH, HEIGHT)),
        ("?background=gradient:%23dfe9f2,%238fa3b8", vertical((0xDF, 0xE9, 0xF2), (0x8F, 0xA3, 0xB8), WIDTH, HEIGHT)),
        ("?background=%23203040", np.broadcast_to(np.float32((0x20, 0x30, 0x40)), (HEIGHT, WIDTH, 3))),
    ],
    ids=["light", "dark", "gradient", "colour"],
)
def test_backgrounds_are_the_kiosks(server, window, address, expected):
    window.resize(WIDTH, HEIGHT)
    opened(window, f"{server.url}/{address}")
    shown = seen(window)
    for x, y in PLACES:
        assert np.abs(shown[y, x] - expected[y, x]).max() <= NEAR, (x, y)


def test_a_background_that_was_chosen_is_there_at_the_next_visit(server, window):
    opened(window, server.url)
    window.js("""
        const background = document.getElementById('background');
        background.value = 'gradient';
        background.dispatchEvent(new Event('change'));
    """)
    opened(window, server.url)
    assert window.js("return [document.body.dataset.behind, document.getElementById('background').value]") == [
        "gradient", "gradient"]  # fmt: skip
    window.js("localStorage.clear()")


#: An upright phone, a lying one, a small one and two panels, CSS px.
SIZES = ((390, 844), (844, 390), (320, 568), (1280, 720), (1920, 1080))
#: Whether captions are below the mouth, which ends at two thirds of the picture's height, about, or right of the head.
BESIDE = """
    const { top, left } = document.getElementById('captions').getBoundingClientRect();
    return top > 0.66 * document.getElementById('stage').getBoundingClientRect().height || left > 0.6 * innerWidth;
"""
#: How far two things are from each other, px; below 0: they overlap by so much.
APART = """
    const box = (one) => document.querySelector(one).getBoundingClientRect();
    const [a, b] = [box(arguments[0]), box(arguments[1])];
    return Math.max(b.top - a.bottom, a.top - b.bottom, b.left - a.right, a.left - b.right);
"""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))
def test_nothing_covers_the_face(server, window, size):
    try:
        window.resize(*size)
        opened(window, server.url)
        edge = window.js("return document.getElementById('stage').getBoundingClientRect().bottom")
        assert window.js(APART, "#begin", "#stage") > -24, "the button is on the bar, or a little above it"
        begin_typing(window)
        assert window.js("return document.getElementById('stage').getBoundingClientRect().bottom") == edge, "it stays"
        window.click("#more")
        window.until("return document.getElementById('settings').open")
        fits = """
            const settings = document.getElementById('settings');
            const { bottom } = settings.getBoundingClientRect();
            return settings.scrollWidth <= settings.clientWidth && bottom <= innerHeight;
        """
        assert window.js(fits)
        window.js("document.getElementById('settings').close()")
        ask(window, "tell me about the house")
        window.until("return document.getElementById('said').textContent.length > 5")
        said = "const one = document.getElementById('said'); return one.scrollHeight <= one.clientHeight + 1"
        assert window.js(said), "a sentence is seen whole"
        if size[0] > size[1]:
            assert window.js(BESIDE), "captions are below the mouth, or beside it"
    finally:
        window.open("about:blank")
        window.wait(lambda: server.talking is None, 20)
        window.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


FOCUSED = "return document.activeElement.id || document.activeElement.getAttribute('aria-label')"


def press(window, key: str) -> str:
    """A key, as a person presses it; what has the focus then."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(window.driver).send_keys(getattr(Keys, key)).perform()
    return window.js(FOCUSED)


def test_all_is_reached_by_the_keyboard_in_the_order_in_which_it_stands(server, page):
    assert [press(page, "TAB"), press(page, "TAB")] == ["begin", "begin-typing"]
    press(page, "ENTER")
    page.until("return window.avatarApp.conversation?.connection.alive")
    page.until("return document.activeElement.id === 'text'")
    page.js("document.getElementById('mic').focus()")
    assert [press(page, "TAB") for _ in range(3)] == ["text", "Send", "more"], "there is nothing to stop"
    press(page, "ENTER")
    page.until("return document.getElementById('settings').open")
    stops = [page.js(FOCUSED)] + [press(page, "TAB") for _ in range(7)]
    assert stops == ["voice", "locale", "background", "theme", "push", "writes", "counts", "leave"]
    press(page, "ESCAPE")
    page.until("return !document.getElementById('settings').open")
    assert page.js(FOCUSED) == "more", "it goes on where it was"


def test_a_screen_reader_is_told_what_everything_is_and_what_is_said(server, page):
    begin_typing(page)
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    shown = [node for node in tree if not node.get("ignored")]
    named = {node["role"]["value"]: [] for node in shown}
    for node in shown:
        named[node["role"]["value"]].append(node.get("name", {}).get("value", ""))
    assert set(named["button"]) == {"Switch the microphone on", "Send", "Stop the avatar", "Settings"}
    assert named["textbox"] == ["Type a message"]
    assert named["image"] == ["The face of builtin"] and named["heading"] == ["Talk with the avatar"]
    assert named["log"] == ["Conversation"] and "status" in named
    ask(page, "שלום עולם")
    page.until("return document.querySelector('#log p') !== null")
    page.until("return document.getElementById('heard').textContent.length > 5")
    ways = page.js("""
        const way = (one) => getComputedStyle(one).direction;
        return [way(document.querySelector('#log bdi')), way(document.getElementById('heard')), way(document.body)];
    """)
    assert ways == ["rtl", "rtl", "ltr"], "words go their own way, the page its own"
