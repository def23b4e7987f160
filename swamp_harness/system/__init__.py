"""Floor 1: processes, waiting, network, files and secrets; knows nothing of swamp."""
