"""The loop on a thread of its own: what is under way on it must not keep a process from ending."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import pytest

from avatar_ros.core.asyncio_thread import AsyncioThread


async def nothing():
    return


def test_names_are_looked_up_and_those_that_are_none_are_errors():
    thread = AsyncioThread("test")
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
from avatar_ros.core.asyncio_thread import AsyncioThread
asked = threading.Event()

def dead(*args, **wanted):
    asked.set()
    threading.Event().wait()

socket.getaddrinfo = dead

async def look_up():
    await asyncio.get_running_loop().getaddrinfo("host", 80)

async def nothing():
    return

thread = AsyncioThread("test")
thread.submit(look_up())
assert asked.wait(60)
thread.close(nothing())
"""


def test_a_dead_name_server_does_not_keep_the_process():
    done = subprocess.run([sys.executable, "-c", DEAD_NAME_SERVER], timeout=60)
    assert done.returncode == 0


def test_cancelling_is_heard_of_at_once():
    thread = AsyncioThread("test")
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


@pytest.fixture
def frozen_tls_server(tmp_path):
    """A port where TLS is agreed upon, and nothing is read from then on."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def freeze():
            with context.wrap_socket(server.accept()[0], server_side=True):
                over.wait(60)

        thread = threading.Thread(target=freeze, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join(60)


def test_a_frozen_service_does_not_keep_its_connection_open(frozen_tls_server):
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def come_and_go():
        _, writer = await asyncio.open_connection("127.0.0.1", frozen_tls_server, ssl=trusting)
        writer.close()
        try:
            await writer.wait_closed()
        except TimeoutError:
            return  # closed without a goodbye

    thread = AsyncioThread("test")
    thread.submit(come_and_go()).result(10.0)  # half a second; asyncio's own patience is 30 s
    thread.close(nothing())
