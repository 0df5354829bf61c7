"""Text to speech: sentences in, paced chunks of sound with phone and word marks out."""
