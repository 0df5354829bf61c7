"""The answers file: its phrases, its matching, its responses."""
