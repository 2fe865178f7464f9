"""The practice service as a program of its own: the simulator playing every service that is loaded."""

from definitions import catalog, simulator

application = simulator.application(tuple(service.handle for service in catalog.services()))
