"""A stand-in for `tensorflow/serving` where no container registry can be reached: TensorFlow
Serving's public gRPC and REST API in front of ai-edge-litert, which computes.

It reads the same directory as the real server: signatures from `saved_model.pb`, the computation
from the `model.tflite` beside it (the file that the real server prefers with
`--prefer_tflite_model`). It is for the local cluster only.
"""
