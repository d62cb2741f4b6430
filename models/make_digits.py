"""Writes a classifier of scikit-learn's 8 x 8 handwritten digits: `models/triton/digits/1/model.onnx` and, with the
same weights, `models/digits/1` for TensorFlow Serving (`saved_model.pb` with `variables/`, and `model.tflite`).

`pixels` are 64 floats from 0 (white) to 1 (black), `scores` ten probabilities. The model has one hidden layer and is
trained on all but the last 1,000 images of the set; the script prints its error rate on those. The results are
committed. Run this script only to change them, in a separate environment:

    uv run --no-project --python 3.11 --with tensorflow-cpu==2.19.1 --with scikit-learn==1.7.2 --with onnx==1.19.1 \
        python models/make_digits.py
"""

import shutil
from pathlib import Path

import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

MODELS = Path(__file__).parent
HELD_OUT = 1000
HIDDEN = 24


def trained() -> tuple[dict[str, np.ndarray], float]:
    """The weights, and their error rate on the held-out images."""
    pixels, digits = load_digits(return_X_y=True)
    pixels = pixels / 16
    network = MLPClassifier((HIDDEN,), alpha=0.1, max_iter=3000, random_state=10)
    network.fit(pixels[:-HELD_OUT], digits[:-HELD_OUT])
    error = 1 - network.score(pixels[-HELD_OUT:], digits[-HELD_OUT:])
    (w1, w2), (b1, b2) = network.coefs_, network.intercepts_
    named = {"w1": w1, "b1": b1, "w2": w2, "b2": b2}
    return {name: value.astype(np.float32) for name, value in named.items()}, error


def as_onnx(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gemm", ["pixels", "w1", "b1"], ["found"]),
        helper.make_node("Relu", ["found"], ["relu"]),
        helper.make_node("Gemm", ["relu", "w2", "b2"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["scores"], axis=1),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 64])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "digits", [pixels], [scores], initializers)
    # ONNX Runtime 1.19 and newer read these versions.
    onnx_model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="slipway"
    )
    onnx.checker.check_model(onnx_model, full_check=True)
    return onnx_model


class Digits(tf.Module):
    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        super().__init__(name="digits")
        self.weights = {name: tf.Variable(value, name=name) for name, value in weights.items()}

    @tf.function(input_signature=[tf.TensorSpec([None, 64], tf.float32, name="pixels")])
    def predict(self, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        weights = self.weights
        pixels = tf.ensure_shape(pixels, [None, 64])
        hidden = tf.nn.relu(pixels @ weights["w1"] + weights["b1"])
        return {"scores": tf.nn.softmax(hidden @ weights["w2"] + weights["b2"])}


def save(module: Digits, version: Path) -> None:
    """Writes the SavedModel and the .tflite file next to it, as `make_half_plus.py` does."""
    shutil.rmtree(version, ignore_errors=True)
    options = tf.saved_model.SaveOptions(save_debug_info=False, experimental_custom_gradients=False)
    tf.saved_model.save(
        module, str(version), signatures={"serving_default": module.predict}, options=options
    )
    (version / "model.tflite").write_bytes(
        tf.lite.TFLiteConverter.from_saved_model(str(version)).convert()
    )
    (version / "assets").rmdir()
    (version / "fingerprint.pb").unlink()


if __name__ == "__main__":
    weights, error = trained()
    print(f"{error:.1%} of the {HELD_OUT} held-out images are classified wrongly")
    target = MODELS / "triton" / "digits" / "1" / "model.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(as_onnx(weights).SerializeToString(deterministic=True))
    save(Digits(weights), MODELS / "digits" / "1")
