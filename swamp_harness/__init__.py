"""Everything that drives swamp: four floors, each knowing only the ones below it."""
