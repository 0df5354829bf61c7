"""One thin module per executable: names the node, its parameters, and who builds its stage."""
