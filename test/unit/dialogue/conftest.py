"""Makes the tools of this folder importable by its tests, whose folder is no package."""

import importlib.util
import sys
from pathlib import Path

#: Module -> file, each after those that it imports.
_TOOLS = {
    "dialogue_talk": "talk.py",
    "dialogue_events": "events.py",
    "dialogue_user_events": "user_events.py",
    "dialogue_avatar_events": "avatar_events.py",
}
for _name, _file in _TOOLS.items():
    if _name in sys.modules:
        continue
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(_file))
    assert _spec is not None and _spec.loader is not None
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])
