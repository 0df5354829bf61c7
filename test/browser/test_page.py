"""The page in a real browser, with the product's own stages: picture, voice, captions, and what can go wrong."""

from __future__ import annotations

import time
from urllib.parse import quote, urlsplit

from avatar_ros.core.enums import InterruptAction
from browser import SOFTWARE_GL, chromium
from page_server import say_goodbye
from page_steps import HEARD, LONG, QUESTION, ask, begin_typing, clocks, opened

TALKING = "return document.body.dataset.phase === 'talking'"
KIND = "return window.avatarApp.view.figures.renderer"


def ink(browser) -> float:
    """How much of the face's canvas is covered, 0-1."""
    return browser.js("""
        const canvas = document.querySelector('#stage canvas');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let sum = 0;
        for (let k = 3; k < data.length; k += 4) sum += data[k];
        return sum / (255 * canvas.width * canvas.height);
    """)


def test_a_typed_question_is_answered_aloud_with_lips_and_captions(server, page):
    assert ink(page) > 0.2
    since = len(server.clocks)
    page.js("window.shown = []; window.avatarApp.view.addEventListener('shown', (e) => window.shown.push(e.detail))")
    begin_typing(page)
    assert server.hellos[-1]["protocol"] == 1 and server.hellos[-1]["mic"] is False
    ask(page)
    page.until("return document.getElementById('said').textContent.length > 5")
    assert QUESTION in page.js("return document.getElementById('heard').textContent")
    page.wait(lambda: clocks(server, since, "ended"))
    turn = clocks(server, since, "ended")[0]["turn"]
    played = [clock for clock in server.clocks[since:] if clock["turn"] == turn]
    assert played[0]["state"] == "playing" and played[0]["sample"] == 0
    samples = [clock["sample"] for clock in played]
    assert samples == sorted(samples) and samples[-1] > 12000
    speaking = page.js("""
        return window.shown.filter(({pose}) => pose.sample >= 0 && pose.turn === arguments[0])
            .map(({pose}) => [pose.sample, Math.max(...pose.weights)])
    """, turn)
    assert len(speaking) > 2 and max(weight for _, weight in speaking) > 0.2, "the face moves while it speaks"
    assert page.js("return window.avatarApp.conversation.lipError.errorsMs.length") > 2
    lines = page.js("return [...document.querySelectorAll('#log p')].map((p) => p.textContent)")
    assert lines[0] == f"You: {QUESTION}" and lines[1].startswith("Avatar: ")
    assert lines.count(lines[0]) == 1
    sent = {path: size for path, size in server.bytes_sent.items() if not path.startswith("/avatar/")}
    assert {"/", "/static/app.js", "/static/playback.js", "/static/style.css", "/static/raster.wasm"} < set(sent)
    assert sum(sent.values()) < 80_000, "page, scripts, style and wasm of a whole conversation, gzip"


def test_idle_life_comes_from_the_same_topic_as_the_kiosks(server, page):
    begin_typing(page)
    page.js("""
        window.blinks = new Set();
        window.avatarApp.view.addEventListener('shown', (e) => window.blinks.add(e.detail.pose.weights[8].toFixed(2)));
    """)
    page.until("return window.blinks.size > 5", within_s=30)


def test_the_button_stops_it(server, page):
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    page.until("return !document.getElementById('stop').disabled")
    page.click("#stop")
    page.wait(lambda: clocks(server, since, "ended"), 20)
    last = [clock for clock in server.clocks[since:] if clock["turn"] == clocks(server, since, "ended")[0]["turn"]]
    assert last[-1]["gain"] == 0


def test_held_and_gone_on_with(server, page):
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    server.order(InterruptAction.PAUSE)
    page.wait(lambda: clocks(server, since, "paused"))
    held = clocks(server, since, "paused")[0]["sample"]
    server.order(InterruptAction.RESUME)
    page.wait(lambda: clocks(server, since, "ended"))
    after = server.clocks[since:]
    again = next(k for k, clock in enumerate(after) if clock["state"] == "paused")
    assert next(clock for clock in after[again:] if clock["state"] == "playing")["sample"] == held


def test_a_lost_network_comes_back_in_the_middle_of_the_sentence(server, page):
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    key = server.key
    server.cut()
    page.wait(lambda: server.hellos[-1].get("resume", {}).get("key") == key)
    page.wait(lambda: clocks(server, since, "ended"))
    turn = clocks(server, since, "ended")[0]["turn"]
    assert server.key == key and page.js(HEARD) == ""
    samples = [clock["sample"] for clock in clocks(server, since, "playing") if clock["turn"] == turn]
    assert samples == sorted(samples), "nothing is heard twice"


def test_of_two_avatars_chosen_at_once_one_is_seen(server, page):
    page.promise("""
        const { view } = window.avatarApp;
        const [{ url }] = window.avatarApp.avatars;
        await Promise.all([view.load(url), view.load(new URL(url, location.href))]);
    """)
    shown = page.js("""
        const { view } = window.avatarApp;
        const canvases = [...document.querySelectorAll('#stage canvas')];
        const { renderer, avatar } = view.choice;
        return canvases.length === 1 && canvases[0] === view.canvas && renderer.avatar === avatar;
    """)
    assert shown
    page.wait(lambda: ink(page) > 0.2)


def test_words_with_html_in_them_are_words(server, page):
    begin_typing(page)
    text = "<img src=x onerror=\"document.title='bad'\"><b>bold</b>"
    ask(page, text)
    page.until("return document.getElementById('heard').textContent === arguments[0]", text)
    assert page.js("return document.querySelectorAll('main img, #captions b, #log b').length") == 0
    assert page.js("return document.title") == "Avatar"
    assert server.texts[-1] == text


def test_a_full_house_has_a_queue(server, page):
    page.until("return true")
    begin_typing(page)
    with chromium() as other:
        opened(other, server.url)
        other.click("#begin-typing")
        other.until(HEARD.replace("?? ''", "?.includes('You are next')"))
        page.open("about:blank")
        other.until("return window.avatarApp.conversation?.connection.alive")
        other.until("return document.getElementById('notice').hidden")


def test_an_end_says_why_and_lets_one_begin_again(server, page):
    begin_typing(page)
    say_goodbye(server, "idle")
    page.until(HEARD.replace("?? ''", "?.includes('Still there?')"))
    page.wait(lambda: server.talking is None)
    hellos = len(server.hellos)
    page.click("#notice-act")
    page.wait(lambda: len(server.hellos) > hellos)
    time.sleep(0.5)
    assert len(server.hellos) == hellos + 1


def test_an_old_page_loads_itself_anew_once(server, page):
    begin_typing(page)
    page.js("window.old = true")
    server.version = "2"
    server.cut()
    page.until("return !window.old && document.body.dataset.phase === 'ready'")
    begin_typing(page)
    assert page.js("return document.body.dataset.phase") == "talking"


def test_the_token_of_the_address_is_used_and_hidden(server, window):
    server.token = token = "s3 #%25?&+=/cret"
    address = f"{server.url}/#token={quote(token, safe='')}"
    window.driver.delete_all_cookies()
    window.open("about:blank")
    window.open(f"{server.url}/")
    window.until(HEARD.replace("?? ''", "?.includes('needs its token')"))
    window.write("#notice input", "wrong")
    window.click("#notice-act")
    window.until(HEARD.replace("?? ''", "?.includes('not the token')"))
    opened(window, address)  # in this tab, where only what stands behind the # is new
    assert "cret" not in window.driver.current_url and window.js(HEARD) == ""
    window.driver.delete_all_cookies()
    window.open("about:blank")
    window.open(f"{server.url}/#token=of-the-day-before")
    window.until(HEARD.replace("?? ''", "?.includes('not the token')"))
    window.write("#notice input", address)
    window.click("#notice-act")
    window.until("return document.body.dataset.phase === 'ready'")
    begin_typing(window)
    window.open("about:blank")
    window.wait(lambda: server.talking is None, 20)
    server.token = ""


def test_keys_and_screen_reader(server, page):
    begin_typing(page)
    names = page.js("""
        return [...document.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility())
            .map((e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent.trim())
    """)
    assert names and all(names), names
    assert page.js("return document.activeElement.id") == "text"
    assert page.js("return document.getElementById('log').getAttribute('aria-live')") == "polite"
    page.click("#more")
    assert page.js("return document.getElementById('settings').open")
    page.js("document.getElementById('settings').close()")


def test_the_figures_are_shown_and_sent(server, page):
    begin_typing(page)
    page.click("#more")
    page.click("#counts")
    page.js("document.getElementById('settings').close()")
    page.until("return document.getElementById('figures').innerText.includes('WebAssembly')")
    page.wait(lambda: any(figures.get("renderer") == "wasm" for figures in server.figures), 20)
    page.js("localStorage.clear()")


def test_without_a_secure_context_one_types(server):
    with chromium("--host-resolver-rules=MAP avatar.test 127.0.0.1", "--disable-gpu") as browser:
        opened(browser, f"http://avatar.test:{urlsplit(server.url).port}/")
        browser.click("#begin")
        browser.until(HEARD.replace("?? ''", "?.includes('https')"))
        browser.until("return window.avatarApp.conversation.connection.alive")
        since = len(server.clocks)
        ask(browser)
        browser.wait(lambda: clocks(server, since, "ended"))  # it is heard all the same
        assert browser.js("return document.getElementById('mic').classList.contains('off')")
        assert browser.js("return !document.getElementById('text').disabled")


def test_a_microphone_that_is_refused_or_missing(server, page):
    refuse = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', arguments[0]))"
    page.js(refuse, "NotAllowedError")
    page.click("#begin")
    page.until(HEARD.replace("?? ''", "?.includes('not allowed')"))
    page.js(refuse, "NotFoundError")
    page.click("#notice-act")
    page.until(HEARD.replace("?? ''", "?.includes('No microphone found')"))
    page.js(refuse, "NotReadableError")
    page.click("#mic")
    page.until(HEARD.replace("?? ''", "?.includes('busy')"))


def test_a_lost_graphics_card_is_replaced(server):
    with chromium(*SOFTWARE_GL) as browser:
        opened(browser, f"{server.url}/")
        assert browser.js(KIND) == "wasm", "a program that plays a card is not used"
        opened(browser, f"{server.url}/?renderer=webgl&pixels=10000", 240)
        assert browser.js(KIND) == "webgl"
        browser.js("""
            window.canvas = document.querySelector('#stage canvas');
            window.avatarApp.view.choice.renderer.gl.getExtension('WEBGL_lose_context').loseContext();
        """)
        browser.until("return document.querySelector('#stage canvas') !== window.canvas", within_s=240)
        browser.js("window.count = 0; window.avatarApp.view.addEventListener('shown', () => window.count++)")
        browser.until("return window.count > 3", within_s=240)
