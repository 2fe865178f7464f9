"""Every operation and action, from its form to its answer, in a real browser against the practice service."""
