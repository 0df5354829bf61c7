"""Speech recognition: the sound of an utterance in, partial and final transcripts out."""
