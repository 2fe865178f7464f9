"""The commands of this room: `connect` and `keys`."""
