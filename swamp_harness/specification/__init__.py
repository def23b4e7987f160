"""The promises: the feature files, the catalogue of promises, and the plan of a run, as values."""
