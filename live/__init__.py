"""The live line: one LISTEN per web process, fanned out to every open page."""
