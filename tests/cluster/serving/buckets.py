"""Emulators of S3 and GCS inside a checkout's cluster, and their buckets."""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from tests.cluster.checkout import Checkout

MANIFEST = Path(__file__).parent / "buckets.yaml"
BUCKET = "models"
#: Seconds from a ready pod to a Service that accepts connections.
ROUTE_TIMEOUT = 20.0
#: Their addresses for pods.
S3, GCS = "http://buckets.buckets.svc:5000", "http://buckets.buckets.svc:9023"
#: moto reads only the service in this header, not its signature, of calls that create users and
#: buckets.
_SIGNED_FOR = "AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/{}/aws4_request, "
_READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass
class Buckets:
    """Both servers, each with one bucket. S3 accepts calls that are signed with one of its keys."""

    s3: str
    gcs: str
    #: An AWS credentials file of a user with read access.
    credentials: str = ""

    def put(self, name: str, content: bytes) -> None:
        """Put a file into both buckets."""
        headers = {"Authorization": _SIGNED_FOR.format("s3")}
        _send(f"{self.s3}/{BUCKET}/{quote(name)}", content, headers, "PUT")
        query = urlencode({"uploadType": "media", "name": name})
        _send(f"{self.gcs}/upload/storage/v1/b/{BUCKET}/o?{query}", content, {}, "POST")

    def put_model(self, path: str, files: Path) -> None:
        """Put the files of a model's directory below `path` into both buckets."""
        for file in sorted(each for each in files.rglob("*") if each.is_file()):
            self.put(f"{path}/{file.relative_to(files)}", file.read_bytes())

    def lock(self, locked: bool) -> None:
        """From now on S3 accepts only calls that are signed with a key that it knows, or all."""
        _send(f"{self.s3}/moto-api/reset-auth", b"0" if locked else b"inf", {}, "POST")

    def make(self) -> None:
        """Create the buckets and a user of S3."""
        _send(f"{self.s3}/{BUCKET}", b"", {"Authorization": _SIGNED_FOR.format("s3")}, "PUT")
        bucket = json.dumps({"name": BUCKET}).encode()
        _send(f"{self.gcs}/storage/v1/b?project=test", bucket, {"Content-Type": "application/json"})
        self._iam(Action="CreateUser", UserName="reader")
        self._iam(
            Action="PutUserPolicy",
            UserName="reader",
            PolicyName="read",
            PolicyDocument=json.dumps(_READ),
        )
        key = self._iam(Action="CreateAccessKey", UserName="reader")
        parts = {
            name: re.findall(f"<{name}>(.*?)</{name}>", key)[0]
            for name in ("AccessKeyId", "SecretAccessKey")
        }
        self.credentials = (
            "[default]\n"
            f"aws_access_key_id = {parts['AccessKeyId']}\n"
            f"aws_secret_access_key = {parts['SecretAccessKey']}\n"
        )

    def _iam(self, **parameters: str) -> str:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {"Authorization": _SIGNED_FOR.format("iam"), **form}
        return _send(self.s3, urlencode(parameters).encode(), headers, "POST")


def _send(url: str, content: bytes, headers: Mapping[str, str], method: str = "POST") -> str:
    # By default urllib sends the content type of a form, as which the server would parse it.
    kind = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(url, content, {**kind, **headers}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def start(checkout: Checkout, image: str) -> Buckets:
    """Start both servers in the namespace `buckets`. `image` contains both."""
    path = checkout.root / ".slipway" / "buckets.yaml"
    path.write_text(MANIFEST.read_text().replace("IMAGE", image))
    checkout.kubectl("apply", "-f", str(path))
    path.unlink()
    namespace = ("-n", "buckets")
    checkout.kubectl("rollout", "status", "deployment/buckets", *namespace, "--timeout=120s")
    ready = "--for=jsonpath={.status.loadBalancer.ingress[0].ip}"
    checkout.kubectl("wait", "service/buckets", *namespace, ready, "--timeout=60s")
    address = "jsonpath={.status.loadBalancer.ingress[0].ip}"
    ip = checkout.kubectl("get", "service/buckets", *namespace, "-o", address)
    buckets = Buckets(f"http://{ip}:5000", f"http://{ip}:9023")
    for port in (5000, 9023):
        _wait_for(ip, port)
    buckets.make()
    return buckets


def _wait_for(host: str, port: int) -> None:
    """Wait until the Service accepts connections, a moment after its pods are ready."""
    deadline = time.monotonic() + ROUTE_TIMEOUT
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{host}:{port} takes no connection"
            time.sleep(0.1)
