"""TensorFlow Serving's flags, from `tensorflow_serving/model_servers/main.cc` of release 2.19."""

from __future__ import annotations

from components.config.flags import Flags

_PORT = "take it out: the program sets the ports; expose chooses those of a load balancer"
_MODELS = "take it out: the server's models are those of slipway:models"
_BATCHING = "take it out: the model's batching sets it"
_TLS = "take it out: TLS ends at the gateway, by slipway:gateway.tls"
_START = "take it out: the program fits the retries into the model's startup_timeout"
_ENDS = "take it out: the server would print and end"
_KNOWN = """
    enable_model_warmup enable_per_model_batching_parameters enable_profiler
    enable_serialization_as_tensor_content enable_signature_method_name_check
    flush_filesystem_caches grpc_max_threads mixed_precision
    monitoring_config_file num_load_threads num_tflite_interpreters_per_pool
    num_tflite_pools num_unload_threads per_process_gpu_memory_fraction
    prefer_tflite_model remove_unused_fields_from_bundle_metagraph rest_api_num_threads
    saved_model_tags skip_initialize_tpu tensorflow_inter_op_parallelism
    tensorflow_intra_op_parallelism tensorflow_session_config_file
    tensorflow_session_parallelism thread_pool_factory_config_file
    xla_cpu_compilation_enabled xla_gpu_compilation_enabled
"""

FLAGS = Flags(
    release="tensorflow/serving:2.19.1",
    alone=True,
    known=frozenset(_KNOWN.split()),
    refused={
        "allow_version_labels_for_unavailable_models": "take it out: it is set for models with labels",
        "batching_parameters_file": _BATCHING,
        "enable_batching": _BATCHING,
        "enable_grpc_healthcheck_service": "take it out: it is always on",
        "file_system_poll_wait_seconds": "take it out: the model's file_system_poll_wait sets it",
        "grpc_channel_arguments": (
            "take it out: the program sets it, so that the server inflates no messages"
        ),
        "grpc_socket_path": _PORT,
        "help": _ENDS,
        "load_retry_interval_micros": _START,
        "max_num_load_retries": _START,
        "model_base_path": _MODELS,
        "model_config_file": _MODELS,
        "model_config_file_poll_wait_seconds": _MODELS,
        "model_name": _MODELS,
        "num_request_iterations_for_warmup": (
            "take it out: the model's num_request_iterations_for_warmup sets it"
        ),
        "platform_config_file": _BATCHING,
        "port": _PORT,
        "rest_api_enable_cors_support": (
            "take it out: with it any website could call the models through its visitors' browsers"
        ),
        "rest_api_port": _PORT,
        "rest_api_timeout_in_ms": "take it out: slipway:limits.deadline sets it",
        "ssl_config_file": _TLS,
        "use_alts_credentials": _TLS,
        "version": _ENDS,
    },
)

#: Variables of the image's start script, which the program does not run.
VARIABLES = {"MODEL_NAME": _MODELS, "MODEL_BASE_PATH": _MODELS}
