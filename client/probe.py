"""Try a model once: can be reached, says what it is, answers a tensor of zeros."""

import contextlib
import time
from dataclasses import dataclass

from client.contract import Outputs
from client.model import Model
from client.signature import Metadata, Signature


@dataclass(frozen=True)
class Probe:
    """What came of it. `milliseconds` is the prediction's time alone, on a connection in use; of a
    decoupled model that until its first answer, and `answer` is empty where it gives none to zeros.
    """

    metadata: Metadata
    signature: Signature
    answer: Outputs
    milliseconds: float


def probe(model: Model, signature: str | None = None) -> Probe:
    """Ready, metadata, one prediction with zeros. Raises what `Model.predict` raises."""
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
