"""Voice activity: when somebody speaks, and the sound of it, streamed while it lasts."""
