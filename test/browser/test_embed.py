"""The face in other pages: framed by one of another origin, and as an element."""

from __future__ import annotations

from page_steps import HEARD

QUESTION = "when does the boat leave"


GOT = """return window.got.find(({avatar, detail}) =>
    avatar === arguments[0] && JSON.stringify(detail).includes(arguments[1]))"""


def test_a_page_of_another_origin_frames_it_and_talks_with_it(server, window):
    window.open(f"http://localhost:{server.port}/test/frame.html")
    assert window.until(GOT, "ready", "")["origin"] == server.url
    window.driver.switch_to.frame("frame")
    assert window.js("return getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    window.click("#begin-typing")
    window.driver.switch_to.default_content()
    assert "key" not in window.until(GOT, "session", "locale")["detail"]
    window.js("window.tell({avatar: 'say', text: arguments[0]})", QUESTION)
    window.until(GOT, "line", QUESTION)
    window.until(GOT, "state", "speaking")
    window.until(GOT, "line", '"avatar"')
    window.js("window.tell({avatar: 'interrupt'})")
    window.wait(lambda: any(clock["state"] == "ended" for clock in server.clocks))
    for message in ("{avatar: 'constructor'}", "'nonsense'", "{avatar: 'say', text: {}}", "{avatar: 'end'}"):
        window.js(f"window.tell({message})")
    window.wait(lambda: server.talking is None)
    assert server.texts[-1] == QUESTION


def test_only_the_page_that_frames_it_is_obeyed(server, window):
    window.open(f"{server.url}/embed")
    window.until("return document.body.dataset.phase === 'ready'")
    window.click("#begin-typing")
    window.until("return document.getElementById('head').conversation?.connection.alive")
    texts = len(server.texts)
    window.js("window.postMessage({avatar: 'say', text: 'from nobody'}, '*')")
    window.promise("await new Promise((done) => setTimeout(done, 500))")
    assert len(server.texts) == texts


def test_a_token_in_its_address_lets_it_in_before_the_face_is_asked_for(server, window):
    server.token = "north wind"
    try:
        window.driver.delete_all_cookies()
        window.open("about:blank")
        window.open(f"{server.url}/embed#token=wrong")
        window.until(HEARD.replace("?? ''", "?.includes('not the token')"))
        window.open("about:blank")
        window.open(f"{server.url}/embed#token=north%20wind")
        window.until("return document.body.dataset.phase === 'ready'")
        assert window.js(HEARD) == ""
    finally:
        server.token = ""


def test_as_an_element(server, window):
    window.open(f"{server.url}/test/element.html")
    window.js("""
        window.told = [];
        const head = document.getElementById('head');
        for (const kind of ['state', 'line']) head.addEventListener(kind, (e) => window.told.push([kind, e.detail]));
    """)
    window.until("return document.getElementById('head').view?.seen")
    window.promise("await document.getElementById('head').begin({mic: false})")
    window.until("return document.getElementById('head').conversation.connection.alive")
    window.js("document.getElementById('head').say(arguments[0])", QUESTION)
    window.until("return window.told.some(([kind, detail]) => kind === 'line' && detail.who === 'avatar')")
    assert window.js("return document.getElementById('head').shadowRoot.querySelector('p').textContent.length") > 3
    window.promise("await document.getElementById('head').end()")
    window.wait(lambda: server.talking is None)
