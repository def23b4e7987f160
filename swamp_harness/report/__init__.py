"""Floor 4: what is made of the results of runs, for people and for other programs."""
