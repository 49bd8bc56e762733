"""How good a reconstruction is: one file per metric. Imports nothing from `bench`."""

import registry

REGISTRY = registry.Registry("metric", ("metrics",), "METRICS")
names = REGISTRY.names
unavailable = REGISTRY.unavailable
