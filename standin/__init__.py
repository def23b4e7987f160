"""The stand-in: an independent program with swamp's command line, the suite's target where there is no swamp.

It keeps every promise, with shorter times than the product's. A mutant makes it break one of
them. It shares only the command line with the suite that tests it.
"""
