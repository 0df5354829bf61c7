"""The loop on a thread of its own: what is under way on it must not keep a process from ending."""

import asyncio
import socket
import subprocess
import sys
import threading

import pytest

from avatar_ros.core.loop_thread import LoopThread


async def nothing():
    return


def test_names_are_looked_up_and_those_that_are_none_are_errors():
    thread = LoopThread("test")
    found = []

    async def look_up(host):
        found.extend(await asyncio.get_running_loop().getaddrinfo(host, 80, type=socket.SOCK_STREAM))

    thread.submit(look_up("127.0.0.1")).result(60)
    assert [address for *_, address in found] == [("127.0.0.1", 80)]
    with pytest.raises(OSError, match=r"."):
        thread.submit(look_up("no such name")).result(60)
    thread.close(nothing())


DEAD_NAME_SERVER = """
import asyncio, socket, threading
from avatar_ros.core.loop_thread import LoopThread
asked = threading.Event()

def dead(*args, **wanted):
    asked.set()
    threading.Event().wait()

socket.getaddrinfo = dead

async def look_up():
    await asyncio.get_running_loop().getaddrinfo("host", 80)

async def nothing():
    return

thread = LoopThread("test")
thread.submit(look_up())
assert asked.wait(60)
thread.close(nothing())
"""


def test_a_dead_name_server_does_not_keep_the_process():
    done = subprocess.run([sys.executable, "-c", DEAD_NAME_SERVER], timeout=60)
    assert done.returncode == 0


def test_cancelling_is_heard_of_at_once():
    thread = LoopThread("test")
    begun, ended = threading.Event(), threading.Event()

    async def wait_for_ever():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    work = thread.submit(wait_for_ever())
    assert begun.wait(60)
    work.cancel()
    assert ended.wait(60)
    thread.close(nothing())
