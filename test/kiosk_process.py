"""A kiosk as a user runs it; users' own tests need it too, so it lies with the public kit."""

from pathlib import Path

from avatar_ros.testing.kiosk_process import KioskProcess

ROOT = Path(__file__).resolve().parents[1]

__all__ = ["ROOT", "KioskProcess"]
