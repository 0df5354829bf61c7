"""Makes the tools of this folder importable by its tests, whose folder is no package."""

import importlib.util
import sys
from pathlib import Path

if "skills_kiosk" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("skills_kiosk", Path(__file__).with_name("skills_kiosk.py"))
    assert _spec is not None and _spec.loader is not None
    sys.modules["skills_kiosk"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["skills_kiosk"])
