"""What ears and lips share: phones, features, lexicon, letter-to-sound, searches, alignment."""
