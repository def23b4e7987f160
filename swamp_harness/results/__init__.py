"""What a run has found, as values: outcomes, why something did not run, the record of a run, the decision.

Nothing in here makes a sentence for people; `swamp_harness.render.words` does.
"""
