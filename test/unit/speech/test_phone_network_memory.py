"""Weeks of sounds of every length leave nothing behind in the runtime."""

import ctypes

import numpy as np
import onnxruntime
import pytest

from avatar_ros.speech.mel_features import BANDS
from avatar_ros.speech.phone_network import PhoneNetwork

_FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class Mallinfo(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS.split())


def bytes_in_use() -> int:
    """Of the C library's heap; what the system still counts as the process's says nothing of that."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("needs glibc 2.33 or newer")
    libc.mallinfo2.restype = Mallinfo
    found = libc.mallinfo2()
    return int(found.uordblks + found.hblkhd)


def test_no_length_of_sound_is_remembered():
    network = PhoneNetwork(onnxruntime)
    features, state = np.zeros((200, BANDS), np.float32), network.start()
    network.step(features, state)  # the largest first: whatever is kept for reuse is there now
    before = bytes_in_use()
    for length in range(1, 129):
        network.step(features[:length], state)
    assert bytes_in_use() - before < 64 * 1024, "onnxruntime's plans of memory took 420 KiB"
