"""Floor 1: process trees, waiting, the network path, redaction, leak search. Knows nothing of swamp."""
