"""What the verbs of `./avatar` do: here stages meet outside of ROS (a file in, a file out)."""
