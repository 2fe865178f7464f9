"""The REST API: the same rows and rules as the pages, for scripts, with tokens."""
