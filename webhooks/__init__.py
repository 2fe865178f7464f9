"""Hearing from a service: the public door, the events and the refused deliveries."""
