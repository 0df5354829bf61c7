"""Sound in and out: the microphone, the loudspeaker, and the echo between them."""
