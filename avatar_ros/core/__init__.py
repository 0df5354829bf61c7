"""What every stage shares: types, errors, registry, settings, clock, queues. Standard library and numpy only."""
