"""Puts a mutant into the processes of a stand-in, and records what it does there."""
