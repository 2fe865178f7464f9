"""The pages across rooms: overview, search, system, help."""
