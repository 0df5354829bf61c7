"""A chat service for trying: speaks OpenAI's protocol on 127.0.0.1, knows nothing, repeats what it was asked.

stand_in_service.py [PORT]     8011 unless told otherwise, a free one if 0; Ctrl-C ends it
"""

from __future__ import annotations

import signal
import sys
import time

from avatar_ros.testing.chat_server import Exchange, answer, chat_server

PORT = 8011
#: What a model takes to the first word, s.
FIRST_WORD_S = 0.3


def reply(exchange: Exchange) -> None:
    """One answer, streamed in pieces as models do."""
    messages = exchange.request.body["messages"]
    rules, question = messages[0]["content"], messages[-1]["content"]
    print(f"asked: {question}  (after {len(messages) - 2} earlier messages; told first: {rules[:21]}…)", flush=True)
    time.sleep(FIRST_WORD_S)
    answer("[happy] You ", "asked me: ", question, ". A real model ", "would know ", "the answer.")(exchange)


def main(arguments: list[str]) -> int:
    """0: ended by Ctrl-C; 2: called wrongly, or the port is taken."""
    if len(arguments) > 1 or not all(text.isdigit() for text in arguments):
        print("usage: stand_in_service.py [PORT]", file=sys.stderr)
        return 2
    port = int(arguments[0]) if arguments else PORT
    try:
        with chat_server(reply, port=port) as server:
            print(f"listening on {server.url}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except (OSError, OverflowError) as error:
        print(f"port {port}: {error}; give another one", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    # Before threads begin, so that none of them takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main(sys.argv[1:]))
