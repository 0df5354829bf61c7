"""A page's socket that keeps what it was sent."""

import json


class Page:
    """See the module's text."""

    def __init__(self, address="10.0.0.1"):
        self.address = address
        self.frames = []
        self.closed = None

    def send(self, frame, *, droppable=False):
        assert self.closed is None
        self.frames.append(frame)

    def close(self, code, reason):
        self.closed = code

    def told(self, kind):
        texts = [json.loads(frame) for frame in self.frames if isinstance(frame, str)]
        return [text for text in texts if text["kind"] == kind]

    @property
    def key(self):
        return self.told("session")[-1]["key"]
