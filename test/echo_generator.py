"""Stands for generate_process in tests: each answer is the list of the texts that it was asked for until then."""

import json
import sys

from avatar_ros.core.helper_process import pack, receive, run_helper


def serve(requests, replies):
    texts = []
    while (got := receive(requests)) is not None:
        texts.append(json.loads(got[1].partition(b"\n")[0])["text"])
        kind, reply = b"R", json.dumps(texts)
        if texts[-1] == "die":
            sys.exit(1)
        while texts[-1] == "for ever":  # at work, and so not given up for standing still
            if kind == b"R":
                replies.write(pack(b"P", json.dumps([0, 1]).encode()))
                replies.flush()
                kind = b"P"
        if texts[-1] == "no":
            kind, reply = b"E", json.dumps({"code": "bad", "error": "cannot be"})
        replies.write(pack(kind, reply.encode()))
        replies.flush()


if __name__ == "__main__":
    sys.exit(run_helper(serve))
