"""What voices cost, and how soon they are heard."""
