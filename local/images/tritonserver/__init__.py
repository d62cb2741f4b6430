"""The image of Triton for the local cluster: the real server, out of NVIDIA's PyTriton wheel.

The wheel has one backend, Python's. `onnxruntime_backend/` makes a second one of it (a "Python-based
backend"), so that a directory with `backend: "onnxruntime"` and a `model.onnx` is served here as the
official image serves it. Files stand where the official image has them, hence no flag differs.
"""
