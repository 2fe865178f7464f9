"""Random header sets, bodies and form posts from a seed: what answers 5xx, what is stored without proof."""
