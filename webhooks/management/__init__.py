"""Commands of the webhooks room."""
