"""Returns a text word by word, one answer for each, as a language model streams its tokens."""

import time

import numpy as np
import triton_python_backend_utils as pb_utils

#: Seconds between two words.
PAUSE = 0.2


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            self.answer(request)

    def answer(self, request):
        sender = request.get_response_sender()
        (text,) = pb_utils.get_input_tensor_by_name(request, "text_input").as_numpy()
        most = pb_utils.get_input_tensor_by_name(request, "max_tokens")
        words = text.decode().split()
        for word in words if most is None else words[: int(most.as_numpy()[0])]:
            if request.is_cancelled():
                break
            output = pb_utils.Tensor("text_output", np.array([word.encode()], np.object_))
            sender.send(pb_utils.InferenceResponse([output]))
            time.sleep(PAUSE)
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
