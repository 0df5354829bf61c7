"""How well free words find their answer."""
