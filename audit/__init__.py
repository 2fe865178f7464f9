"""Who did what, when and from where; and the time-ordered ids and pages every list uses."""
