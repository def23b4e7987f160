"""Exploration: journeys that nobody wrote, judged by a model of the promises, handed over as features."""
