"""The kinds of plain value in a stack file: names, addresses, images, paths."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import as_text, likely, mistake

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHARTS_PATTERN = r"^(https?|oci)://\S*[^/\s]$"
_REPOSITORY = re.compile(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*")


def kubernetes_name(raw: Any) -> str:
    """The Kubernetes name that is nearest to `raw`; empty if there is none."""
    return re.sub(r"[^a-z0-9]+", "-", str(raw).lower()).strip("-")[:63].strip("-")


def label(model: str) -> str:
    """The Kubernetes name of a model."""
    return model.lower().replace("_", "-")


def _label(raw: Any) -> Any:
    expected = "a Kubernetes name: lower-case letters, digits and `-`, at most 63 characters"
    if isinstance(raw, str) and LABEL.fullmatch(raw):
        return raw
    if isinstance(raw, dict | list):
        raise mistake(expected, "write one text value")
    near = (kubernetes_name(raw),) if isinstance(raw, str) else as_text(raw)
    raise likely(_label, expected, "give it a name of letters and digits", *near)


def _domain(raw: Any) -> Any:
    expected = "a host name such as `models.example.com`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    labels = raw.split(".")
    named = len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)
    if named and len(raw) <= 253 and not _is_address(raw):
        return raw
    bare = (raw.partition("://")[2] or raw).split("/")[0].rpartition("@")[2].partition(":")[0]
    near = bare.strip().strip(".").lower().replace("_", "-")
    raise likely(
        _domain,
        expected,
        "write two or more labels of lower-case letters, digits and dashes, parted by dots, "
        "without a wildcard",
        near,
    )


def _host(raw: Any) -> Any:
    if isinstance(raw, str) and "/" not in raw and _is_address(raw.strip("[]")):
        raise mistake(
            "a host name such as `models.example.com`",
            "leave it out: rules then carry no host and the certificate the address",
        )
    return _domain(raw)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def network(raw: Any) -> str | None:
    """The canonical form of `raw`, an address or an address range; None if it is neither."""
    try:
        return str(ipaddress.ip_network(raw, strict=False)) if isinstance(raw, str) else None
    except ValueError:
        return None


def _cidr(raw: Any) -> Any:
    found = network(raw)
    if found is None:
        raise mistake(
            "an address range such as `10.0.0.0/8`",
            "write a network's address, a slash and the length of its prefix",
        )
    if found != raw:
        raise mistake("an address range such as `10.0.0.0/8`", f"did you mean `{found}`?")
    return raw


def _image(raw: Any) -> Any:
    expected = "an image with an exact tag or digest, such as `tensorflow/serving:2.19.1`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if "://" in raw or " " in raw:
        near = raw.strip().partition("://")[2] or raw.strip()
        raise likely(_image, expected, "write it without scheme and blanks", near)
    name, at, digest = raw.partition("@")
    repository, colon, tag = name.rpartition(":")
    if at:
        if _DIGEST.fullmatch(digest):
            return raw
        raise mistake(expected, "write a digest of 64 hexadecimal digits behind sha256:")
    if not colon or "/" in tag:
        raise mistake(expected, "add a colon and the tag of a version")
    if tag == "latest":
        raise mistake(expected, "name the version: latest is another image tomorrow")
    if not _TAG.fullmatch(tag):
        raise mistake(expected, "write the tag in letters, digits, dots, dashes and underscores")
    if not _REPOSITORY.fullmatch(repository):
        near = raw.replace(repository, repository.lower(), 1)
        raise likely(_image, expected, "write the repository's name as its registry does", near)
    return raw


def _tagged_image(raw: Any) -> Any:
    expected = "an image with a tag and without a digest"
    if isinstance(raw, str) and "@" in raw:
        fix = "write the tag, by which the program names it, in place of the digest"
        raise likely(_image, expected, fix, raw.partition("@")[0])
    return _image(raw)


def _digest(raw: Any) -> Any:
    if isinstance(raw, str) and _DIGEST.fullmatch(raw):
        return raw
    near = (f"sha256:{raw}",) if isinstance(raw, str) else ()
    raise likely(
        _digest, "`sha256:` and 64 hexadecimal digits", "copy what the registry says", *near
    )


def _mirror(raw: Any) -> Any:
    expected = "a registry host, with a path if it has one, such as `registry.example.com/proxy`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if "://" not in raw and _REPOSITORY.fullmatch(raw):
        return raw
    near = (raw.partition("://")[2] or raw).strip().strip("/").lower()
    raise likely(_mirror, expected, "write host and path, without a scheme", near)


def _charts(raw: Any) -> Any:
    expected = "a chart repository such as `https://charts.example.com` or `oci://host/charts`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if re.fullmatch(_CHARTS_PATTERN, raw):
        return raw
    near = raw.strip().rstrip("/")
    other = () if "://" in near else (f"https://{near}",)
    raise likely(_charts, expected, "begin with https, http or oci, and write a host", near, *other)


def _inner_path(raw: Any) -> Any:
    expected = "a path inside the volume, such as `half_plus_two` or `team/half_plus_two`"
    if not isinstance(raw, str):
        raise likely(_inner_path, expected, "write one text value", *as_text(raw))
    if _is_path(raw) and raw != ".":
        return raw
    raise likely(_inner_path, expected, _PATH, _near_path(raw))


def _absolute_path(raw: Any) -> Any:
    expected = "an absolute path such as `/models/half_plus_two`"
    if not isinstance(raw, str) or not raw:
        raise mistake(expected, "write one text value")
    if raw == "/" or (raw.startswith("/") and _is_path(raw[1:])):
        return raw
    raise likely(
        _absolute_path, expected, f"begin with a slash, and {_PATH}", f"/{_near_path(raw)}"
    )


def _is_path(text: str) -> bool:
    parts = text.split("/")
    return ".." not in parts and all(re.fullmatch(r"[A-Za-z0-9._-]+", part) for part in parts)


def _near_path(text: str) -> str:
    """`text` without the parts that a path cannot have."""
    return "/".join(part for part in text.split("/") if part not in ("", ".", ".."))


_PATH = "write letters, digits, dots, dashes and underscores, parted by single slashes"


def _text(validate: Any, description: str, pattern: str | None = None) -> Any:
    schema = {"type": "string", "description": description}
    if pattern:
        schema["pattern"] = pattern
    return BeforeValidator(validate), WithJsonSchema(schema)


_LABEL = _text(_label, "A Kubernetes name", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
Label = Annotated[str, *_LABEL]
#: A name that a check compares with the keys of another map, so that any text is valid here.
LabelReference = Annotated[str, _LABEL[1]]
DomainName = Annotated[str, *_text(_domain, "A domain name: example.com")]
HostName = Annotated[str, *_text(_host, "A host name: models.example.com")]
Cidr = Annotated[str, *_text(_cidr, "An address range: 10.0.0.0/8")]
Image = Annotated[str, *_text(_image, "An image with an exact tag or digest")]
TaggedImage = Annotated[str, *_text(_tagged_image, "An image with an exact tag")]
Digest = Annotated[str, *_text(_digest, "An image's digest", "^sha256:[0-9a-f]{64}$")]
Mirror = Annotated[str, *_text(_mirror, "A registry host and path, without scheme")]
ChartRepository = Annotated[
    str, *_text(_charts, "A chart repository: https://…, oci://…", _CHARTS_PATTERN)
]
InnerPath = Annotated[str, *_text(_inner_path, "A path inside a volume")]
AbsolutePath = Annotated[str, *_text(_absolute_path, "An absolute path")]
