"""The version of avatar_ros: as in package.xml and setup.py (a test compares them)."""

VERSION = "0.1.0"
