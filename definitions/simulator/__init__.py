"""An ASGI app that plays loaded services from their definitions: practice, tests and benchmarks."""

from definitions.simulator.app import application

__all__ = ["application"]
