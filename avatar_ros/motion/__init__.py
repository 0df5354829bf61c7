"""Features to 52 ARKit weights, and the behaviour of a face that is alive."""
