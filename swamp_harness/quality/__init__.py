"""What judges the suite itself: the proof, mutation testing, the parity of the stand-in, style checks."""
