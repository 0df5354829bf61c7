"""Sound: WAV files, devices, framing."""
