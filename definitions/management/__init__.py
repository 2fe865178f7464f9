"""Commands about definitions."""
