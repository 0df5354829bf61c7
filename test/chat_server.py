"""The chat service that tests talk to; the benches use it too, so it lies with them."""

from avatar_ros.testing.chat_server import (
    PATIENCE_S,
    Act,
    ChatServer,
    Exchange,
    Request,
    answer,
    chat_server,
    event,
    refusal,
    then,
)

__all__ = [
    "PATIENCE_S",
    "Act",
    "ChatServer",
    "Exchange",
    "Request",
    "answer",
    "chat_server",
    "event",
    "refusal",
    "then",
]
