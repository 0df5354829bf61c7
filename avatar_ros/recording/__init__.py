"""Conversations in files: MCAP as ROS 2 writes it, read and written without ROS."""
