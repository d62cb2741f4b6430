"""Calls methods of one model through the gateway, each once and with an empty message.

Run with the client's interpreter: `call_methods.py <outputs.json> <model> <service/method>...`.
Prints each method's gRPC status as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import grpc

from client.outputs import find_endpoint, parse_outputs

DEADLINE = 10.0


def main() -> None:
    stack = parse_outputs(json.loads(Path(sys.argv[1]).read_text()))
    address = find_endpoint(stack, sys.argv[2]).grpc
    assert address is not None and stack.ca_certificate is not None
    credentials = grpc.ssl_channel_credentials(stack.ca_certificate.encode())
    options = [("grpc.default_authority", address.authority), ("grpc.enable_http_proxy", 0)]
    statuses: dict[str, str] = {}
    with grpc.secure_channel(address.target, credentials, options) as channel:
        for method in sys.argv[3:]:
            try:
                channel.unary_unary(f"{address.path}/{method}")(b"", timeout=DEADLINE)
                statuses[method] = "OK"
            except grpc.RpcError as error:
                statuses[method] = error.code().name
    print(json.dumps(statuses))


if __name__ == "__main__":
    main()
