"""The run: behave's adapters, the session of a run, scenarios side by side, one way to launch a run."""
