"""Local servers that speak the services' real protocols, for measurements and tests without a network."""
