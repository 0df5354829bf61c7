"""Answers: a prompt in, the text of a reply out, streamed."""
