"""Speech to features for the lips: phones from the voice's own marks, from its text, or from sound alone."""
