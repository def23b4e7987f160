"""A worker: `swamp worker connect`, and the process of its own in which each step runs."""
