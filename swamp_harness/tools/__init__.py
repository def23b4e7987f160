"""Floor 5: the run and its commands, the proof, the comparison: the `swamp-uat` command."""
