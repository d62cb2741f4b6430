"""A stand-in for `tensorflow/serving` if no container registry is reachable: TensorFlow Serving's
public gRPC and REST API, with ai-edge-litert for the computation.

It reads the same directory as the real server: the signatures from `saved_model.pb`, the graph from
the `model.tflite` beside it (which the real server prefers with `--prefer_tflite_model`). It is for
the local cluster only.
"""
