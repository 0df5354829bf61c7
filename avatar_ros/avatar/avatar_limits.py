"""How much of anything an avatar may hold; no real one comes near, and a small file cannot claim more.

A LAM head has 20018 splats, 51 morphs with 200 000 entries, 262 joints, 12 clips and, for these, 6139 accessors.
"""

from __future__ import annotations

MAX_MEMBER_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 512 * 2**20
MAX_MEMBERS = 1000
MAX_DIRECTORY_BYTES = 2**20  # of the zip's list of members
MAX_SPLATS = 2_000_000
MAX_JSON_BYTES = 16 * 2**20  # of a .glb
MAX_ELEMENTS = 10_000_000  # of one accessor
MAX_MADE_ELEMENTS = 1_000_000  # of one accessor that the file holds no bytes for
MAX_ENTRIES = 100_000  # accessors, views, nodes and the like of a .glb, each
MAX_MORPHS = 500
MAX_MORPH_ENTRIES = 5_000_000
MAX_JOINTS = 5000
MAX_CHAIN = 100  # joints from the root to the head
MAX_CLIPS = 200
MAX_CLIPS_S = 3600.0  # all clips together

SH_DC = 0.28209479177387814
"""Spherical harmonics of degree 0: plain 3DGS stores colour = 0.5 + SH_DC · f_dc."""
