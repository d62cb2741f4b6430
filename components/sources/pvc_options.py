"""Options of the model source `pvc`."""

from __future__ import annotations

from typing import Literal

from components.config.model_options import SourceOptions
from components.config.options import example
from components.config.values import InnerPath, Label


class PvcOptions(SourceOptions):
    """A directory in a PersistentVolumeClaim, with a directory for each version in it."""

    model_config = example(kind="pvc", claim="models", path="half_plus_two")

    kind: Literal["pvc"]
    claim: Label
    """A key of `slipway:volumes`, or a claim that exists in the models' namespace and can be
    mounted by more than one pod"""
    path: InnerPath
    """The model's directory in the volume"""
