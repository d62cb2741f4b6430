"""Triton's flags, from `src/command_line_parser.cc` of release 2.73. Triton parses them with
`getopt_long`, which accepts abbreviated names and uses the last of several values."""

from __future__ import annotations

from components.config.flags import Flags

_PORT = "take it out: the program sets the ports; expose chooses those of a load balancer"
_OTHER_API = "take it out: this API knows no restrictions, and the gateway does not route it"
_METRICS_PORT = "take it out: the metrics' port is 8002"
_MODELS = "take it out: the server's models are those of slipway:models"
_TLS = "take it out: TLS ends at the gateway, by slipway:gateway.tls"
_RESTRICTED = "take it out: the program keeps these APIs from callers, and sets what is kept"
_ALL_MODELS = "take it out: a roll-out would go on although a model does not answer"
_KNOWN = """
    allow-cpu-metrics allow-gpu-metrics allow-metrics backend-config backend-directory
    buffer-manager-thread-count cache-config cache-directory cuda-memory-pool-byte-size
    cuda-virtual-address-size disable-auto-complete-config enable-peer-access
    grpc-header-forward-pattern grpc-http2-max-ping-strikes
    grpc-http2-max-pings-without-data grpc-http2-min-recv-ping-interval-without-data
    grpc-infer-allocation-pool-size grpc-infer-response-compression-level
    grpc-infer-thread-count grpc-keepalive-permit-without-calls grpc-keepalive-time
    grpc-keepalive-timeout grpc-max-connection-age grpc-max-connection-age-grace
    grpc-max-response-pool-size host-policy http-header-forward-pattern
    http-thread-count id log-error log-file log-format log-info log-verbose log-warning
    metrics-config metrics-interval-ms min-supported-compute-capability
    model-load-gpu-limit model-load-retry-count model-load-thread-count
    model-namespacing pinned-memory-pool-byte-size rate-limit rate-limit-resource
    repoagent-directory response-cache-byte-size strict-model-config trace-config
    trace-count trace-file trace-level trace-log-frequency trace-rate
"""

FLAGS = Flags(
    release="tritonserver 2.73",
    abbreviated=True,
    known=frozenset(_KNOWN.split()),
    refused={
        "allow-client-shm": _RESTRICTED,
        "allow-grpc": _PORT,
        "allow-http": _PORT,
        "allow-sagemaker": _OTHER_API,
        "allow-vertex-ai": _OTHER_API,
        "exit-on-error": _ALL_MODELS,
        "exit-timeout-secs": "take it out: slipway:limits.deadline sets it",
        "grpc-address": _PORT,
        "grpc-port": _PORT,
        "grpc-restricted-protocol": _RESTRICTED,
        "grpc-root-cert": _TLS,
        "grpc-server-cert": _TLS,
        "grpc-server-key": _TLS,
        "grpc-use-ssl": _TLS,
        "grpc-use-ssl-mutual": _TLS,
        "help": "take it out: the server would print and end",
        "http-address": _PORT,
        "http-max-input-size": "take it out: slipway:limits.message_size sets it",
        "http-port": _PORT,
        "http-restricted-api": _RESTRICTED,
        "load-model": _MODELS,
        "metrics-address": _METRICS_PORT,
        "metrics-port": _METRICS_PORT,
        "model-config-name": (
            "take it out, and put the configuration into the model's config.pbtxt"
        ),
        "model-control-mode": "take it out: the model's model_control_mode sets it",
        "model-repository": _MODELS,
        "model-store": _MODELS,
        "repository-poll-secs": "take it out: the model's repository_poll sets it",
        "reuse-grpc-port": _PORT,
        "reuse-http-port": _PORT,
        "sagemaker-port": _OTHER_API,
        "sagemaker-safe-port-range": _OTHER_API,
        "sagemaker-thread-count": _OTHER_API,
        "strict-readiness": (
            "take it out: a version that is broken would take all models of the server away"
        ),
        "vertex-ai-default-model": _OTHER_API,
        "vertex-ai-port": _OTHER_API,
        "vertex-ai-thread-count": _OTHER_API,
    },
)

#: `AIP_MODE` disables gRPC and REST, and enables an API without restrictions.
VARIABLES = {
    "POD_ID": "take it out: the program sets it",
    **dict.fromkeys(
        ("AIP_MODE", "AIP_HTTP_PORT", "AIP_STORAGE_URI", "AIP_PREDICT_ROUTE", "AIP_HEALTH_ROUTE"),
        _OTHER_API,
    ),
}
