"""Where frames go: a screen (window.py), a recording (recorder.py), files (export.py)."""
