"""The stand-in: an independent program with swamp's command line, the suite's target where there is no swamp.

It keeps every promise of issue 630, with times that are shorter than the product's, and can be made to break
one of them. It shares nothing with the suite that judges it but the command line.
"""
