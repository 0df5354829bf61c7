"""The loudspeaker, whose samples are the time of all that is seen."""
