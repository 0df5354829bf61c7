"""Who speaks when: turns, history, interruptions. Pure logic, told the time."""
