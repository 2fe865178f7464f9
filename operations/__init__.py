"""Asking a service: building the request, sending it, and keeping every run."""
