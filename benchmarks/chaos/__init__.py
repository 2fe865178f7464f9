"""Faults of all kinds at a whole running copy under load, and a count of what came of it.

    python -m benchmarks.chaos --seed 1 --seconds 60

Every fault is bounded, every target is on this machine, and the program stops by itself.
"""
