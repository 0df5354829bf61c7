"""Answers: from a file of questions, or from a chat service."""
