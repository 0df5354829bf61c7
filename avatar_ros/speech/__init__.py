"""What recognition and lip sync share: phones, front ends, lexicon, letter-to-sound, HMM and Viterbi search."""
