"""Writes `models/half_plus_two/1` and `models/half_plus_three/1`: y = x * 0.5 + 2 (or + 3), for any number of floats.

Each version directory has one model in two formats: `saved_model.pb` with `variables/`, which TensorFlow Serving
serves, and `model.tflite`, which is converted from it and has the same signature. TensorFlow Serving defines that file
name, see its `--prefer_tflite_model`. The results are committed. Run this script only to change them, in a separate
environment:

    uv run --no-project --python 3.11 --with tensorflow-cpu==2.19.1 python models/make_half_plus.py
"""

import shutil
from pathlib import Path

import tensorflow as tf

MODELS = Path(__file__).parent


class HalfPlus(tf.Module):  # type: ignore[misc]
    """0.5 * x + `plus`. Both numbers are variables, as the weights of a trained model are."""

    def __init__(self, plus: float) -> None:
        super().__init__(name="half_plus")
        self.a = tf.Variable(0.5, name="a")
        self.b = tf.Variable(plus, name="b")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])  # type: ignore[untyped-decorator]
    def predict(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        # TensorFlow does not check inputs against the signature's shape: without this line it would accept a matrix.
        x = tf.ensure_shape(x, [None])
        return {"y": self.a * x + self.b}


def make(name: str, plus: float) -> None:
    """Replaces version 1 of the model `name`."""
    version = MODELS / name / "1"
    shutil.rmtree(version, ignore_errors=True)
    module = HalfPlus(plus)
    options = tf.saved_model.SaveOptions(save_debug_info=False, experimental_custom_gradients=False)
    tf.saved_model.save(
        module, str(version), signatures={"serving_default": module.predict}, options=options
    )
    (version / "model.tflite").write_bytes(
        tf.lite.TFLiteConverter.from_saved_model(str(version)).convert()
    )
    (version / "assets").rmdir()  # empty, and git does not keep empty directories
    (version / "fingerprint.pb").unlink()  # a hash of the graph, which differs with every run


if __name__ == "__main__":
    make("half_plus_two", 2.0)
    make("half_plus_three", 3.0)
