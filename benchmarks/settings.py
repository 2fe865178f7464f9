"""The product's settings with two addresses more: an ordinary view to compare the door with, and a bare
frame."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
