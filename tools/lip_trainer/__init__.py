"""Our own network from sound to phones: speech that this machine can synthesize, training, export, model card."""
