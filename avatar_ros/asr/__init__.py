"""Recognition: the sound of an utterance in, its words out, while it is being spoken."""
