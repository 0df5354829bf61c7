"""Setting a machine up: what `./avatar` does before it starts anything. Standard library only, since it runs first."""
