"""Runs a generator of rosidl as it is, with what it reads of a message remembered for the generators after it.

python generate_messages.py GENERATOR --generator-arguments-file FILE …: reading (an Earley parser in Python) is more
than half of each generator's work, and six of them read the same messages. What was read lies beside FILE.
"""

import hashlib
import os
import pickle
import runpy
import sys
from pathlib import Path

from rosidl_parser import parser


def remembered(read, folder):
    """`read`, with its results kept in `folder` by what was read; a file is whole or not there."""

    def read_once(text, png_file=None):
        path = folder / hashlib.sha256(text.encode()).hexdigest()
        if path.exists():
            return pickle.loads(path.read_bytes())
        content = read(text, png_file)
        folder.mkdir(exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(pickle.dumps(content))
        beside.replace(path)
        return content

    return read_once


if __name__ == "__main__":
    del sys.argv[0]
    arguments = Path(sys.argv[sys.argv.index("--generator-arguments-file") + 1])
    parser.parse_idl_string = remembered(parser.parse_idl_string, arguments.parent / "messages_read")
    runpy.run_path(sys.argv[0], run_name="__main__")
