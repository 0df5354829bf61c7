"""Rasterisers: an avatar, 52 weights, a head pose and a camera become a picture."""
