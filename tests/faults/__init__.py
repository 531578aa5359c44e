"""The slow runs: real processes, killed, cut off and stopped while the product works. `make faults` runs them.

Each prints its seed; SEED=… repeats it, SEEDS=… runs with so many.
"""
