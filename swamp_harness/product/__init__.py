"""Floor 2: swamp as an operator meets it: binary, commands, repository, orchestrator, worker, token, pool."""
