"""What a service can do: the engine that reads definitions; no model of ours, no network."""
