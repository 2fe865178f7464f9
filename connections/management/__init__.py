"""This room's share of the command line."""
