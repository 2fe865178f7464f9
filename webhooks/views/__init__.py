"""The pages of the webhooks room."""
