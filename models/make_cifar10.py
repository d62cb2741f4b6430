"""Writes `models/triton/cifar10/1/model.onnx`, which maps images of any size to ten probabilities.

The model consists of two convolutions, the mean over their output, and a softmax. It has the shape of
a classifier for CIFAR-10 (3 x 32 x 32, unsigned bytes), but is not trained: a fixed seed gives its
weights. The result is committed. Run this script only to change it, in a separate environment:

    uv run --no-project --python 3.11 --with onnx==1.23.2 python models/make_cifar10.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TARGET = Path(__file__).parent / "triton" / "cifar10" / "1" / "model.onnx"
#: Channels of the image, after the first and after the second convolution; number of classes.
CHANNELS, CLASSES = (3, 8, 16), 10


def weights() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(10)
    first, second, third = CHANNELS

    def scaled(*shape: int) -> np.ndarray:
        return draw.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)

    return {
        "255": np.array(255, np.float32),
        "conv1": scaled(second, first, 3, 3),
        "conv2": scaled(third, second, 3, 3),
        "dense": scaled(CLASSES, third) * 4,
    }


def model() -> onnx.ModelProto:
    strided = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Cast", ["image__0"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "255"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "conv1"], ["found1"], **strided),
        helper.make_node("Relu", ["found1"], ["relu1"]),
        helper.make_node("Conv", ["relu1", "conv2"], ["found2"], **strided),
        helper.make_node("Relu", ["found2"], ["relu2"]),
        helper.make_node("GlobalAveragePool", ["relu2"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense"], ["scores"], transB=1),
        helper.make_node("Softmax", ["scores"], ["probs__0"], axis=1),
    ]
    image = helper.make_tensor_value_info(
        "image__0", TensorProto.UINT8, ["n", CHANNELS[0], "height", "width"]
    )
    probs = helper.make_tensor_value_info("probs__0", TensorProto.FLOAT, ["n", CLASSES])
    initializers = [numpy_helper.from_array(value, name) for name, value in weights().items()]
    graph = helper.make_graph(nodes, "cifar10", [image], [probs], initializers)
    # ONNX Runtime 1.19 and newer read these versions.
    onnx_model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="slipway"
    )
    onnx.checker.check_model(onnx_model, full_check=True)
    return onnx_model


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(model().SerializeToString(deterministic=True))
