"""Watches the whole conversation and reports how long each step of a turn took."""
