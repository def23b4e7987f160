"""Floor 4: the run, the report, the coverage map: the `swamp-uat` command."""
