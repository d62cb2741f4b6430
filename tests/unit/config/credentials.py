"""Credentials as they come into stack files by mistake; none of them is anybody's."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

#: A password that no pattern knows: only where it stands tells that it is one.
PASSWORD = "hunter2swordfish"
_DRAWN = random.Random(11)
_LETTERS = string.ascii_letters + string.digits


def drawn(length: int, alphabet: str = _LETTERS) -> str:
    """Random characters, the same in each run."""
    return "".join(_DRAWN.choices(alphabet, k=length))


@dataclass(frozen=True)
class Credential:
    """A value as it is pasted, and what nobody may read of it."""

    value: Any
    hidden: tuple[str, ...]


def _jwt() -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256", "kid": drawn(8)}, {"iss": "kubernetes", "sub": drawn(12)})
    ]
    return ".".join([*parts, drawn(86)])


_BASE64 = _LETTERS + "+/"
JWT = _jwt()
ACCESS_KEY = "AKIA" + drawn(16, string.ascii_uppercase + "234567")
SECRET_KEY = drawn(40, _BASE64)
PEM = "\n".join(
    [
        "-----BEGIN PRIVATE KEY-----",
        *(drawn(64, _BASE64) for _ in range(4)),
        "-----END PRIVATE KEY-----",
        "",
    ]
)
CERTIFICATE_DATA, KEY_DATA = drawn(120, _BASE64), drawn(120, _BASE64)
BASIC = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()

KUBECONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": f"https://admin:{PASSWORD}@10.0.0.1:6443"}}],
    "users": [
        {"name": "token", "user": {"token": JWT}},
        {
            "name": "certificate",
            "user": {"client-certificate-data": CERTIFICATE_DATA, "client-key-data": KEY_DATA},
        },
        {
            "name": "exec",
            "user": {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "login",
                    "env": [{"name": "LOGIN", "value": PASSWORD}],
                }
            },
        },
        {"name": "basic", "user": {"username": "admin", "password": PASSWORD}},
    ],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "token"}}],
    "current-context": "c",
}
_IN_KUBECONFIG = (JWT, PASSWORD, CERTIFICATE_DATA, KEY_DATA)
_SERVICE_ACCOUNT = {
    "type": "service_account",
    "project_id": "my-project",
    "private_key_id": drawn(40, "0123456789abcdef"),
    "private_key": PEM,
    "client_email": "robot@my-project.iam.gserviceaccount.com",
}
_IN_SERVICE_ACCOUNT = (*PEM.splitlines()[1:5], _SERVICE_ACCOUNT["private_key_id"])
_DOCKER = {"auths": {"registry.example.com": {"auth": BASIC}}}

#: Recognised wherever they stand, as they are.
TEXTS: dict[str, Credential] = {
    "a JWT": Credential(JWT, (JWT,)),
    "a bearer token": Credential(f"Bearer {JWT}", (JWT,)),
    "an opaque bearer token": Credential("Bearer " + (opaque := drawn(24)), (opaque,)),
    "a private key": Credential(PEM, tuple(PEM.splitlines()[1:5])),
    "a private key in one line": Credential(PEM.replace("\n", "\\n"), tuple(PEM.splitlines()[1:5])),
    "an AWS access key": Credential(ACCESS_KEY, (ACCESS_KEY,)),
    "an AWS secret key": Credential(SECRET_KEY, (SECRET_KEY,)),
    "AWS' secret key of the documentation": Credential(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",)
    ),
    "a URL with a password": Credential(f"https://robot:{PASSWORD}@example.com/x", (PASSWORD,)),
    "a URL with a token": Credential(f"https://{PASSWORD}@example.com/x", (PASSWORD,)),
    "a registry with a password": Credential(f"robot:{PASSWORD}@example.com/x:1", (PASSWORD,)),
    "a URL with a signature": Credential(f"https://example.com/x?sig={PASSWORD}", (PASSWORD,)),
    "an option with a password": Credential(f"--password={PASSWORD}", (PASSWORD,)),
    "a variable with a password": Credential(f"PGPASSWORD={PASSWORD}", (PASSWORD,)),
    "a line of YAML with a password": Credential(f"password: {PASSWORD}", (PASSWORD,)),
    "a connection string": Credential(f"AccountName=models;AccountKey={PASSWORD};", (PASSWORD,)),
    "a GitHub token": Credential("ghp_" + (github := drawn(36)), (github,)),
    "a GitLab token": Credential("glpat-" + (gitlab := drawn(20, _LETTERS + "-_")), (gitlab,)),
    "a Hugging Face token": Credential("hf_" + (face := drawn(34)), (face,)),
    "a key in hexadecimal": Credential((digits := drawn(32, "0123456789abcdef")), (digits,)),
    "a password with signs": Credential("Tr0ub4dor&3#xkcd", ("Tr0ub4dor&3#xkcd",)),
    "a service account as JSON": Credential(json.dumps(_SERVICE_ACCOUNT), _IN_SERVICE_ACCOUNT),
    "a Docker config as JSON": Credential(json.dumps(_DOCKER), (BASIC,)),
    "a kubeconfig as YAML": Credential(yaml.safe_dump(KUBECONFIG), _IN_KUBECONFIG),
    "a kubeconfig as JSON": Credential(json.dumps(KUBECONFIG), _IN_KUBECONFIG),
    "a kubeconfig in base64": Credential(
        (encoded := base64.b64encode(yaml.safe_dump(KUBECONFIG).encode()).decode()), (encoded,)
    ),
}
#: What nothing tells from an ordinary wrong value where any name is a right key.
IN_A_NAME = Credential({"note": PASSWORD}, (PASSWORD,))
#: Recognised by their keys.
MAPS: dict[str, Credential] = {
    "a kubeconfig": Credential(KUBECONFIG, _IN_KUBECONFIG),
    "a service account": Credential(_SERVICE_ACCOUNT, _IN_SERVICE_ACCOUNT),
    "a Docker config": Credential(_DOCKER, (BASIC,)),
    **{
        f"a password under `{key}`": Credential({key: PASSWORD}, (PASSWORD,))
        for key in ("password", "token", "apiKey", "db_passwd", "Authorization", "secret")
    },
    "a number under `pin`": Credential({"pin": 73318524}, ("73318524",)),
}

#: So many characters in a row are told of a credential, and no coincidence.
_WINDOW = 8


def forms(text: str) -> tuple[str, str]:
    """Without case, and without case and punctuation."""
    return text.lower(), re.sub(r"[\W_]", "", text.lower())


def windows(text: str) -> Iterator[str]:
    return (text[at : at + _WINDOW] for at in range(len(text) - _WINDOW + 1))


@cache
def parts(hidden: tuple[str, ...]) -> list[set[str]]:
    return [
        {part for each in one for part in windows(each)}
        for one in zip(*map(forms, hidden), strict=True)
    ]


def repeated(text: str, hidden: tuple[str, ...]) -> list[str]:
    """What is in `text` of `hidden`: eight characters in a row, whatever case and punctuation."""
    pairs = zip(forms(text), parts(hidden), strict=True)
    return [each for form, known in pairs for each in windows(form) if each in known]
