"""Every page and state as those meet it who see, hear, type or block scripts differently than its makers.

python -m benchmarks.accessibility [--only axe|keyboard|plain|german] [--page WORD]
"""
