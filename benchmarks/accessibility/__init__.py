"""Every page and state as those meet it who see, hear, type or block scripts differently than its makers.

python -m benchmarks.accessibility [--only axe|keyboard|plain|german] [--page WORD]

All of it takes four minutes on two cores: axe 141 s for 102 places in 682 looks, the others 76 s together.
"""
