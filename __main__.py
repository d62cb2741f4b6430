"""Slipway: from a model file and an environment to a served endpoint on Kubernetes."""

import pulumi

from components.config.load import load
from components.stack import deploy

for name, value in deploy(load()).items():
    pulumi.export(name, value)
