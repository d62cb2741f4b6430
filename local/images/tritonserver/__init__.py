"""The image of Triton for the local cluster: the real server, from NVIDIA's PyTriton wheel.

The wheel has one backend, Python's. `onnxruntime_backend/` adds a second one on top of it (a
"Python-based backend"), so that a directory with `backend: "onnxruntime"` and a `model.onnx` is
served as by the official image. Files have the official image's paths, so all flags are the same.
"""
