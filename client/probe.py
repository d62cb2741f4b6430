"""Tries a model once: connects, reads its metadata, predicts with zeros."""

import contextlib
import time
from dataclasses import dataclass

from client.contract import Outputs
from client.model import Model
from client.signature import Metadata, Signature


@dataclass(frozen=True)
class Probe:
    """The result. `milliseconds` is the time of the prediction, without connecting. For a decoupled
    model it is the time until its first answer, and `answer` is empty if it gives none to zeros.
    """

    metadata: Metadata
    signature: Signature
    answer: Outputs
    milliseconds: float


def probe(model: Model, signature: str | None = None) -> Probe:
    """Connects, reads the metadata, and predicts with zeros. Raises what `Model.predict` raises."""
    model.ready()
    metadata = model.metadata()
    chosen = metadata.signature(signature)
    started = time.perf_counter()
    if metadata.decoupled:
        with contextlib.closing(model.stream(chosen.zeros(), signature=chosen.name)) as answers:
            answer = next(answers, {})
    else:
        answer = model.predict(chosen.zeros(), signature=chosen.name)
    return Probe(metadata, chosen, answer, (time.perf_counter() - started) * 1000)
