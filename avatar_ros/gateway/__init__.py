"""Browsers and programs over HTTP: sessions, sound and faces for each of them."""
