"""`manage.py events`."""
