"""Several graphs behind one gateway: who takes the next conversation, and what becomes of those of one that died."""

import itertools
import json

import numpy as np
import pytest

from avatar_ros.core.enums import AgentState, PlaybackState, SessionKind
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import AvatarState, SessionEvent
from avatar_ros.core.peers import PeerChange, PeerNews
from avatar_ros.core.stage import Out
from avatar_ros.core.types import SpeechChunk
from avatar_ros.gateway.apologies import fixed_text
from avatar_ros.gateway.base import WebSettings
from avatar_ros.gateway.lobby import Lobby
from avatar_ros.gateway.page_messages import ClockReport, Hello, TypedText
from avatar_ros.gateway.pipelines import DYING, NEEDED, Pipelines, read_pipelines
from fake_page import Page

OWN = "/avatar"


def pipelines(*entries, max_sessions=0, patience_s=10.0):
    made = Pipelines(read_pipelines(entries, max_sessions, OWN), patience_s)
    made.look(frozenset(), 0.0)
    return made


def house(where, **settings):
    keys = map("{:024x}".format, itertools.count(1))
    made = Lobby(WebSettings(**settings), lambda: next(keys), lambda hello: {"now_s": 0.0}, origin_s=0.0)
    made.accepting, made.pipelines, made.apology = True, where, fixed_text("missed", "en-US")
    return made


def routed(where, outs):
    return [where.route(out) for out in outs]


def enter(lobby, **hello):
    page = Page()
    outs = routed(lobby.pipelines, lobby.arrive(page, Hello(**hello), 0.0))
    return page, outs


def dead(where, *names, now_s=1.0, nodes=NEEDED):
    """All nodes of these namespaces are silent."""
    for name, node in itertools.product(names, nodes):
        where.hear(PeerNews(f"/{name}/{node}" if f"/{name}" != OWN else node, PeerChange.LOST))
    where.look(frozenset(), now_s)


def test_the_parameter_is_read():
    own, other = read_pipelines(["avatar=6", "/robots/two/"], 4, OWN)
    assert (own.namespace, own.name, own.places) == ("", "avatar", 6)
    assert (other.namespace, other.name, other.places) == ("/robots/two", "robots/two", 4)
    (alone,) = read_pipelines([], 3, OWN)
    assert (alone.namespace, alone.name, alone.places) == ("", "avatar", 3)
    assert Pipelines((own, other)).namespaces == ("/robots/two",)


@pytest.mark.parametrize("entries", [["a b"], ["avatar=x"], ["9"], ["=2"], ["avatar", "/avatar=2"]])
def test_what_is_no_namespace_is_named(entries):
    with pytest.raises(ConfigError, match="pipelines has"):
        read_pipelines(entries, 0, OWN)


def test_each_goes_to_the_least_loaded_and_no_further_than_there_are_places():
    where = pipelines("avatar=1", "avatar2=3")
    lobby = house(where)
    spaces = [enter(lobby)[1][0].namespace for _ in range(3)]
    assert spaces == ["", "/avatar2", "/avatar2"]
    assert enter(lobby)[1][0].namespace == "/avatar2"
    page, outs = enter(lobby)
    assert not outs and page.told("queue")[-1]["place"] == 1
    first = next(iter(lobby.sessions.values()))
    outs = routed(where, lobby.end(first, "left", 1.0))
    kinds = [(out.namespace, out.message.kind) for out in outs if out.topic == "session"]
    assert kinds == [("", SessionKind.CLOSED), ("", SessionKind.OPENED)], "its place is the next one's"


def test_places_are_shared_by_how_full_each_is():
    where = pipelines("avatar=10", "avatar2=5")
    lobby = house(where, conversations=0, conversations_per_address=0)
    for _ in range(9):
        enter(lobby)
    assert where.load() == {"avatar": 6, "avatar2": 3}


def test_nobody_is_sent_to_one_that_lacks_a_node():
    where = pipelines("avatar", "avatar2")
    where.look(frozenset({"llm_node", "monitor_node"}), 1.0)
    assert where.choose().name == "avatar2" and where.any_well
    where.look(frozenset({"llm_node", "/avatar2/dialogue_node"}), 1.0)
    assert where.choose() is None and not where.any_well
    where.look(frozenset({"speaker_node", "/avatar2/speaker_node"}), 2.0)
    assert where.choose().name == "avatar", "what no browser needs is not missed"


def test_one_node_is_waited_for_and_a_whole_graph_is_not():
    where = pipelines("avatar", "avatar2", patience_s=10.0)
    dead(where, "avatar2", nodes={"asr_node"}, now_s=5.0)
    assert not where.failed(14.9) and where.failed(15.0) == {"avatar2"}
    where.hear(PeerNews("/avatar2/asr_node", PeerChange.RESTARTED))
    where.look(frozenset(), 16.0)
    assert not where.failed(99.0)
    dead(where, "avatar2", nodes=DYING, now_s=20.0)
    assert where.failed(20.0) == {"avatar2"}


def speaking(lobby, session, epoch, turn):
    session.take(AvatarState(session.name, epoch, turn, AgentState.SPEAKING), 1.0)
    session.take(SpeechChunk(session.name, epoch, turn, pcm=np.zeros(960, np.int16)), 1.0)


def test_conversations_of_a_dead_graph_go_on_in_another_with_an_apology():
    where = pipelines("avatar", "avatar2")
    lobby = house(where)
    stays, _ = enter(lobby)
    page, _ = enter(lobby)
    kept, moved = lobby.sessions.values()
    moved.locale = "de-DE"
    former = moved.name
    speaking(lobby, moved, 900, 7)
    list(moved.answer(ClockReport(1, 100, 1.0, PlaybackState.PLAYING), 1.0))
    dead(where, "avatar2", now_s=2.0)
    outs = routed(where, lobby.tick(2.0))
    events = [(out.namespace, out.message.session, out.message.kind) for out in outs if out.topic == "session"]
    assert events[0] == ("/avatar2", former, SessionKind.CLOSED)
    assert events[1] == ("", moved.name, SessionKind.OPENED) and moved.name != former
    clock = next(out.message for out in outs if out.topic == "speech/playback")
    assert (clock.session, clock.state) == (former, PlaybackState.ENDED)
    assert page.told("order")[-1] == {"kind": "order", "seq": page.told("order")[-1]["seq"], "turn": 1,
                                      "action": "cancel"}  # fmt: skip
    assert page.told("state")[-1]["state"] == "idle" and page.closed is None
    assert list(lobby.sessions.values()) == [kept, moved] and not stays.told("order")

    assert not [out for out in lobby.tick(2.1) if out.topic == "say"], "nobody is there yet who could"
    moved.take(AvatarState(moved.name, 3, 0, AgentState.IDLE), 2.2)  # another dialogue, of an earlier epoch
    (say,) = [out for out in routed(where, lobby.tick(2.3)) if out.topic == "say"]
    assert say.namespace == "" and say.message.text.startswith("Entschuldigung, das habe ich nicht mitbekommen.")
    assert not [out for out in lobby.tick(2.4) if out.topic == "say"], "once"
    speaking(lobby, moved, 3, 1)
    assert page.told("state")[-1]["turn"] == 2, "turns of the page only grow"
    (typed,) = routed(where, moved.answer(TypedText("hello"), 3.0))
    assert (typed.namespace, typed.message.session) == ("", moved.name)


def test_what_is_left_over_of_a_dead_graph_reaches_nobody():
    where = pipelines("avatar", "avatar2")
    lobby = house(where)
    enter(lobby)
    page, _ = enter(lobby)
    moved = list(lobby.sessions.values())[1]
    former = moved.name
    dead(where, "avatar2")
    list(map(where.route, lobby.tick(1.0)))
    assert lobby.sessions.get(former) is None and where.where(former).name == "avatar"
    count = len(page.frames)
    list(moved.answer(ClockReport(1, 100, 1.0, PlaybackState.ENDED), 1.0))  # the page's late word of a former turn
    assert len(page.frames) == count


def test_without_another_place_people_wait_until_theirs_is_back():
    where = pipelines("avatar=1", "avatar2=1")
    lobby = house(where)
    enter(lobby)
    enter(lobby)
    names = list(lobby.sessions)
    dead(where, "avatar2")
    assert not [out for out in lobby.tick(5.0) if out.topic == "session"] or list(lobby.sessions) == names
    assert list(lobby.sessions) == names
    list(map(where.route, lobby.end(lobby.sessions[names[0]], "left", 6.0)))
    list(map(where.route, lobby.tick(6.1)))
    assert names[1] not in lobby.sessions and len(lobby.sessions) == 1


def test_a_closed_session_gives_its_place_back():
    where = pipelines("avatar=1")
    where.place("a", where.all[0])
    assert where.choose() is None
    assert where.route(Out("session", SessionEvent("a", SessionKind.CLOSED))).namespace == ""
    assert where.choose() is where.all[0]


def test_the_apology_is_in_the_persons_language():
    say = fixed_text("missed", "fr-FR")
    assert "missed" in say("en-GB") and say("xx") == say("fr-CA") != say("de")
    assert fixed_text("missed", "xx")("yy") == say("en")
    assert json.dumps(say("ja"))
