"""What language models write, as it should be heard and shown: `Cleaner` (cleaner.py) is what others use."""
