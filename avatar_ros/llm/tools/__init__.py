"""Tools of the robot's that a language model calls: their file, its calls as they stream in, and their results."""
