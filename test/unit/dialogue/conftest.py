"""`Talk` for the tests of this folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# Test folders are no packages (importmode=importlib), so a helper module is loaded by its path, once.
_SPEC = importlib.util.spec_from_file_location("dialogue_talk", Path(__file__).with_name("talk.py"))
assert _SPEC is not None and _SPEC.loader is not None
if _SPEC.name not in sys.modules:
    sys.modules[_SPEC.name] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules[_SPEC.name])
