"""A worker: `swamp worker connect`, and the process of each step."""
