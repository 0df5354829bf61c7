"""How the built-in avatar is made: geometry, colours, light and morphs, all from numbers in these files.

Everything here is in millimetres with the origin 1.65 m above the floor: x to the character's left, y up, z out of
the face. `writer` turns it into metres. The order of making: `build.build_character`.
"""

import avatar_ros  # noqa: F401 — before any other library: it switches their telemetry off
