"""Measurements, run from a checkout by `./avatar bench` and `./avatar soak`; not installed."""
