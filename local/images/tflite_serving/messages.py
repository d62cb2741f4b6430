"""TensorFlow's and TensorFlow Serving's messages, from their published generated code."""

from __future__ import annotations

from . import error_codes  # noqa: F401  # before the status messages, which need it

# isort: split

from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

GetModelMetadataRequest = get_model_metadata_pb2.GetModelMetadataRequest
GetModelMetadataResponse = get_model_metadata_pb2.GetModelMetadataResponse
GetModelStatusRequest = get_model_status_pb2.GetModelStatusRequest
GetModelStatusResponse = get_model_status_pb2.GetModelStatusResponse
ModelServerConfig = model_server_config_pb2.ModelServerConfig
ModelSpec = model_pb2.ModelSpec
ModelVersionStatus = get_model_status_pb2.ModelVersionStatus
PredictRequest = predict_pb2.PredictRequest
PredictResponse = predict_pb2.PredictResponse
ReloadConfigRequest = model_management_pb2.ReloadConfigRequest
ReloadConfigResponse = model_management_pb2.ReloadConfigResponse
SavedModel = saved_model_pb2.SavedModel
SignatureDef = meta_graph_pb2.SignatureDef
SignatureDefMap = get_model_metadata_pb2.SignatureDefMap
TensorProto = tensor_pb2.TensorProto

__all__ = [
    "GetModelMetadataRequest",
    "GetModelMetadataResponse",
    "GetModelStatusRequest",
    "GetModelStatusResponse",
    "ModelServerConfig",
    "ModelSpec",
    "ModelVersionStatus",
    "PredictRequest",
    "PredictResponse",
    "ReloadConfigRequest",
    "ReloadConfigResponse",
    "SavedModel",
    "SignatureDef",
    "SignatureDefMap",
    "TensorProto",
    "model_service_pb2_grpc",
    "prediction_service_pb2_grpc",
    "types_pb2",
]
