"""The memory that a server needs to parse requests in JSON."""

from __future__ import annotations

from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count

#: Bytes of memory for each byte of JSON. TensorFlow Serving and Triton parse JSON with RapidJSON,
#: which holds 16 bytes for each value, and some values twice. A value is at least two bytes of
#: text. Measured on Triton: 17.
MEMORY_PER_JSON_BYTE = 24


def default_memory(limits: LimitsOptions, base: int) -> tuple[str, str]:
    """Memory request and limit of a server that holds `base` bytes and one request of the largest
    size."""
    held = base + MEMORY_PER_JSON_BYTE * byte_count(limits.message_size)
    return "256Mi", f"{-(-held // 2**20)}Mi"
