"""The orchestrator: `swamp serve`."""
