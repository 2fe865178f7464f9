"""The wiring: settings, addresses, the ASGI and Celery entry points, and what `manage.py up` starts."""
