"""What tests of the page do again and again."""

from __future__ import annotations

import time

QUESTION = "when does the boat leave"
LONG = "tell me about the house"
HEARD = "return document.querySelector('#notice:not([hidden])')?.innerText ?? ''"


def opened(browser, url, within_s=60.0):
    browser.open(url)
    browser.until("return document.body.dataset.phase === 'ready'", within_s=within_s)
    return browser


def begin_typing(browser):
    browser.click("#begin-typing")
    browser.until("const talk = window.avatarApp.conversation; return talk?.connection.alive && talk.player !== null")


def ask(browser, text=QUESTION):
    browser.write("#text", text)
    browser.click("#typing button")


def clocks(server, since, state):
    return [clock for clock in server.clocks[since:] if clock["state"] == state]


def says_nothing_more(server):
    """Whether no sound came for a second."""
    count = len(server.mic)
    time.sleep(1.0)
    return len(server.mic) == count
