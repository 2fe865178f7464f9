"""The product's settings with one view in place of all its pages."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.ordinary"
