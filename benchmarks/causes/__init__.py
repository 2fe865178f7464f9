"""Fires every cause, mark and signature case at a running copy, and looks each of them up on the page.

python -m benchmarks.causes
"""
