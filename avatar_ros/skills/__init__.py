"""What a robot's program asks for as a whole: to say, ask, listen, look, gesture, sleep. Pure logic, told the time."""
