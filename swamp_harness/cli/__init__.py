"""The `swamp-uat` command: a file for each sub-command."""
