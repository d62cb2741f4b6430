"""Try a model once: can be reached, says what it is, answers a tensor of zeros."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from client.model import Model
from client.signature import Metadata, Signature


@dataclass(frozen=True)
class Probe:
    """What came of it. `milliseconds` is the prediction's time alone, on a connection in use."""

    metadata: Metadata
    signature: Signature
    answer: dict[str, np.ndarray[Any, Any]]
    milliseconds: float


def probe(model: Model, signature: str | None = None) -> Probe:
    """Ready, metadata, one prediction with zeros. Raises what `Model.predict` raises."""
    model.ready()
    metadata = model.metadata()
    chosen = metadata.signature(signature)
    started = time.perf_counter()
    answer = model.predict(chosen.zeros(), signature=chosen.name)
    return Probe(metadata, chosen, answer, (time.perf_counter() - started) * 1000)
