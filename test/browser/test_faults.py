"""What can go wrong between a browser and its server, each with a real browser: nothing is lost, and it is said."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from browser import chromium
from page_server import say_goodbye
from page_steps import HEARD, LONG, QUESTION, ask, begin_typing, clocks, opened, says_nothing_more

NOTICE = "return (document.querySelector('#notice:not([hidden])')?.innerText ?? '').includes(arguments[0])"
#: Turn, first sample, rate and samples of a VOICE frame.
HEAD = struct.Struct("<IIII")
#: What a page waits between two tries passes quickly, and is counted.
FAST_WAITS = """
    const real = window.setTimeout;
    window.waitedMs = 0;
    window.setTimeout = (act, ms, ...rest) => {
        if (ms < 200 || ms > 6500) return real(act, ms, ...rest);
        window.waitedMs += ms;
        return real(act, ms / 25, ...rest);
    };
"""
#: A page whose sound card runs at that rate.
CARD_AT = """
    const real = window.AudioContext;
    window.AudioContext = class extends real {
        constructor(options) { super({ ...options, sampleRate: RATE }); }
    };
"""


def heard_whole(server, since):
    """The first turn since then was played from its first sample to its last, and nothing twice."""
    turn = clocks(server, since, "ended")[0]["turn"]
    played = [clock["sample"] for clock in clocks(server, since, "playing") if clock["turn"] == turn]
    assert played[0] == 0 and played == sorted(played)
    return turn, clocks(server, since, "ended")[0]["sample"]


@pytest.mark.parametrize("away_s", [1, 5, 60])
def test_a_socket_that_is_cut_in_the_middle_of_a_sentence_and_comes_back(server, page, away_s):
    """The page's own count of the time that it waits, run through faster than it is."""
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    page.js(FAST_WAITS)
    key = server.key
    server.away = True
    server.cut()
    page.until("return window.waitedMs >= arguments[0]", 1000 * away_s)
    page.until(f"return ({HEARD[7:]}) !== ''")
    server.away = False
    page.wait(lambda: server.hellos[-1].get("resume", {}).get("key") == key)
    page.wait(lambda: clocks(server, since, "ended"))
    assert server.key == key
    heard_whole(server, since)
    page.until(f"return ({HEARD[7:]}) === ''")


def test_a_network_that_stalls_for_two_seconds(server, page):
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    frames = len(server.sent)
    server.stall_s = 2.0
    page.wait(lambda: len(server.sent) > frames)
    server.stall_s = 0.0
    page.wait(lambda: clocks(server, since, "ended"))
    turn, end = heard_whole(server, since)
    assert end == max(clock["sample"] for clock in server.clocks[since:] if clock["turn"] == turn)
    assert page.js(HEARD) == "", "two seconds are not worth a word"


def test_a_tab_that_is_hidden_and_shown_goes_on(server, page):
    since = len(server.clocks)
    begin_typing(page)
    ask(page, LONG)
    page.wait(lambda: clocks(server, since, "playing"))
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        page.wait(lambda: clocks(server, since, "ended"))  # it is heard to the end behind another tab
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)
    heard_whole(server, since)
    page.js("window.shown = 0; window.avatarApp.view.addEventListener('shown', () => window.shown++)")
    page.until("return window.shown > 3")
    since = len(server.clocks)
    ask(page, QUESTION)
    page.wait(lambda: clocks(server, since, "ended"))


def test_a_server_that_restarts_is_come_back_to(server, page):
    begin_typing(page)
    hellos, key = len(server.hellos), server.key
    server.key = ""  # it remembers nobody
    say_goodbye(server, "restart")
    page.wait(lambda: len(server.hellos) > hellos)
    page.until("return window.avatarApp.conversation.connection.alive")
    assert server.hellos[-1]["resume"]["key"] == key and server.key != key
    since = len(server.clocks)
    ask(page, QUESTION)
    page.wait(lambda: clocks(server, since, "ended"))
    assert page.js(HEARD) == ""


def test_a_microphone_that_is_unplugged_is_said_and_can_be_plugged_in_again(server, page):
    page.click("#begin")
    server.mic.clear()
    page.wait(lambda: server.mic)
    page.js("""
        const [track] = window.avatarApp.conversation.microphone.stream.getTracks();
        track.stop();
        track.dispatchEvent(new Event('ended'));
    """)
    page.until(NOTICE, "The microphone is gone")
    assert page.js("return window.avatarApp.conversation.microphone") is None, "no silence is sent in its place"
    server.mic.clear()
    page.click("#notice-act")
    page.wait(lambda: len(server.mic) > 10)
    page.until("return document.getElementById('notice').hidden")


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_sound_cards_of_any_rate(server, page, rate_hz):
    page.js(CARD_AT.replace("RATE", str(rate_hz)))
    server.mic.clear()
    page.click("#begin")
    page.until("const talk = window.avatarApp.conversation; return talk?.connection.alive && talk.player !== null")
    assert page.js("return window.avatarApp.conversation.player.context.sampleRate") == rate_hz
    page.wait(lambda: len(server.mic) > 25)
    firsts = [first for first, _, _ in server.mic]
    assert np.all(np.diff(firsts) == 320), "pieces of 20 ms at 16 kHz, whatever the card"
    page.click("#mic")  # its beeps are no question
    page.wait(lambda: says_nothing_more(server))
    page.until("return window.avatarApp.conversation.state === 'idle'")
    since = len(server.clocks)
    ask(page, QUESTION)
    page.wait(lambda: clocks(server, since, "ended"))
    turn, end = heard_whole(server, since)
    voice = [frame for _, frame in server.sent if isinstance(frame, bytes) and frame[0] == 1]
    sent = sum(count for number, _, _, count in map(HEAD.unpack, (frame[8:24] for frame in voice)) if number == turn)
    assert abs(end - sent) <= 1 + 24000 / rate_hz, "in samples of the voice, to one of the card"


def test_a_certificate_of_another_name_is_warned_of_and_can_be_gone_past(window, tmp_path):
    """As one made for another machine is, or one made here: the browser's own page says it, a person may go on."""
    pytest.importorskip("cryptography", reason="needs the extra web")
    pytest.importorskip("fastapi", reason="needs the extra web")
    from avatar_ros.bringup.certificate import made_here
    from gateway_graph import Graph

    made = made_here(tmp_path / "web", ["avatar.example"])
    with Graph(certificate=str(made.path), private_key=str(made.key_path)) as graph:
        window.open(f"https://127.0.0.1:{graph.stage.port}/")
        assert "ERR_CERT_" in window.js("return document.body.textContent")
        assert window.js("return window.avatarApp === undefined")
        window.click("#details-button")
        window.click("#proceed-link")
        window.until("return document.body.dataset.phase === 'ready'")
        assert window.js("return window.isSecureContext"), "a microphone is given there"
        begin_typing(window)
        ask(window, "hello")
        window.until("return document.getElementById('said').textContent.length > 0")
        window.open("about:blank")


def test_two_tabs_are_two_people_and_a_copied_session_goes_on_in_the_newer(server, page):
    begin_typing(page)
    key = server.key
    with chromium() as other:
        opened(other, server.url)
        other.click("#begin-typing")
        other.until(NOTICE, "You are next")
        assert server.key == key, "it did not take the first one's place"
        other.js("window.avatarApp.conversation.connection.key = arguments[0]", key)
        other.js("window.avatarApp.conversation.connection.socket.close()")
        other.until("return window.avatarApp.conversation?.connection.alive")
        page.until(NOTICE, "Continued elsewhere")


def test_a_language_that_is_not_heard_is_said_and_typed(server, page):
    page.js("window.avatarApp.settings.dialog.showModal()")
    names = page.js("return [...document.getElementById('locale').options].map((option) => option.text)")
    assert names == ["English", "Deutsch"]
    page.js("""
        const locale = document.getElementById('locale');
        locale.value = 'de-DE';
        locale.dispatchEvent(new Event('change'));
        document.getElementById('settings').close();
    """)
    voices = page.js("return [...document.getElementById('voice').options].map((option) => option.value)")
    assert voices == ["usual", "f1", "thorsten"], "those of every language, and of this one"
    page.click("#begin")
    page.until(NOTICE, "Deutsch: please type")
    assert server.hellos[-1]["locale"] == "de-DE"
    page.js("localStorage.clear()")
