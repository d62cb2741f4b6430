"""The kinds of plain value in a stack file: quantities, durations, names, images, paths."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import mistake

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_QUANTITY = r"[1-9][0-9]*(\.[0-9]+)?"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_CHARTS_PATTERN = r"^(https?|oci)://\S*[^/\s]$"
_REPOSITORY = re.compile(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*")


def byte_count(quantity: str) -> int:
    """Bytes in a Kubernetes quantity such as `64Mi` or `1G`."""
    units = _BINARY | _DECIMAL
    unit = quantity.lstrip("0123456789.")
    return int(float(quantity.removesuffix(unit)) * units[unit])


def cores(cpu: str) -> float:
    """CPU cores in a quantity such as `500m` or `1`."""
    return float(cpu.removesuffix("m")) / (1000 if cpu.endswith("m") else 1)


def seconds(duration: str) -> int:
    """Whole seconds in a duration such as `90s` or `2m`, rounded up."""
    unit = duration.lstrip("0123456789")
    return -int(-int(duration.removesuffix(unit)) * _SECONDS[unit] // 1)


def whole_seconds(duration: str, most: str) -> str:
    """`duration`, where it is from a second to `most`.

    Raises a `mistake`.
    """
    if duration.endswith("ms") or not 1 <= seconds(duration) <= seconds(most):
        raise mistake(
            f"from `1s` to `{most}`", f"write whole seconds, at least `1s`, at most `{most}`"
        )
    return duration


def _bytes(raw: Any) -> Any:
    expected = "an amount of bytes with a unit, such as `512Mi` or `1Gi`"
    if isinstance(raw, int | float):
        raise mistake(expected, f"add the unit: `{raw}Mi`, `{raw}Gi`")
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if re.fullmatch(f"{_QUANTITY}({'|'.join(_BINARY | _DECIMAL)})", raw):
        return raw
    parts = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(.*)", raw)
    if parts and not parts[2]:
        raise mistake(expected, f"add the unit: `{raw}Mi`, `{raw}Gi`")
    if parts and not float(parts[1]):
        raise mistake(expected, "it is more than none")
    meant = _meant(float(parts[1]), parts[2]) if parts else None
    if meant:
        raise mistake(expected, f"did you mean `{meant}`?")
    raise mistake(expected, "units are Ki, Mi, Gi, Ti (powers of 1024) and k, M, G, T")


def _meant(number: float, unit: str) -> str | None:
    """The amount in a known unit, of which it is at least one: `512Mi` for 0.5 `GB`."""
    for units, step in ((_DECIMAL, 1000), (_BINARY, 1024)):
        names = list(units)
        known = unit if unit in units else f"{unit[:1].upper()}i"
        if known not in units:
            continue
        at = names.index(known)
        if number < 1 and at:
            number, at = round(number * step), at - 1
        amount = f"{number:.3f}".rstrip("0").rstrip(".")
        return f"{amount}{names[at]}" if number >= 1 else None
    return None


def _cpu(raw: Any) -> Any:
    expected = "CPU cores such as `1` or `0.5`, or thousandths of one such as `500m`"
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw > 0:
        return f"{raw:g}"
    if isinstance(raw, str) and re.fullmatch(r"[1-9][0-9]*m|[0-9]+(\.[0-9]{1,3})?", raw):
        if raw.strip("0."):
            return raw
        raise mistake(expected, "a container needs more than none")
    number = re.match(r"[0-9.]+", raw) if isinstance(raw, str) else None
    fix = f"did you mean `{number.group()}`?" if number else "write a number without a word"
    raise mistake(expected, fix)


def _duration(raw: Any) -> Any:
    expected = "a duration with a unit, such as `90s` or `2m`"
    if isinstance(raw, str) and re.fullmatch(r"[1-9][0-9]*(ms|s|m|h)", raw):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        raise mistake(expected, f"add the unit: `{raw}s`")
    raise mistake(expected, "units are ms, s, m, h; it is more than zero")


def _label(raw: Any) -> Any:
    expected = "a Kubernetes name: lower-case letters, digits and `-`, at most 63 characters"
    if isinstance(raw, str) and LABEL.fullmatch(raw):
        return raw
    if isinstance(raw, dict | list):
        raise mistake(expected, "write one text value")
    better = re.sub(r"[^a-z0-9]+", "-", str(raw).lower()).strip("-")[:63].strip("-")
    raise mistake(expected, f"did you mean `{better}`?" if better else "give it a name")


def _host(raw: Any) -> Any:
    expected = "a host name such as `models.example.com`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if "://" in raw or "/" in raw:
        bare = raw.partition("://")[2] or raw
        raise mistake(expected, f"without scheme and path: `{bare.split('/')[0]}`")
    if "/" not in raw and _is_address(raw.strip("[]")):
        raise mistake(
            expected, "leave `host` out: rules then carry no host and the certificate the address"
        )
    if ":" in raw:
        raise mistake(expected, f"without a port: `{raw.split(':')[0]}`")
    labels = raw.split(".")
    if len(raw) <= 253 and all(LABEL.fullmatch(label) for label in labels) and len(labels) > 1:
        return raw
    raise mistake(
        expected,
        "two or more labels of lower-case letters, digits and `-`, parted by dots, no wildcard",
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _cidr(raw: Any) -> Any:
    expected = "an address range such as `10.0.0.0/8`"
    try:
        network = ipaddress.ip_network(str(raw), strict=False)
    except ValueError:
        raise mistake(expected, "write network and prefix length: `203.0.113.0/24`") from None
    if "/" not in str(raw) or str(network) != raw:
        raise mistake(expected, f"did you mean `{network}`?")
    return raw


def _image(raw: Any) -> Any:
    expected = "an image with an exact tag or digest, such as `tensorflow/serving:2.19.1`"
    if not isinstance(raw, str) or "://" in raw or " " in raw:
        raise mistake(expected, "without scheme and blanks")
    name, at, digest = raw.partition("@")
    repository, colon, tag = name.rpartition(":")
    if at:
        if re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            return raw
        raise mistake(expected, "a digest is `sha256:` and 64 hexadecimal digits")
    if not colon or "/" in tag:
        raise mistake(expected, f"add the tag: `{raw}:<version>`")
    if tag == "latest":
        raise mistake(expected, "`latest` is another image tomorrow: name the version")
    if not _TAG.fullmatch(tag) or not _REPOSITORY.fullmatch(repository):
        raise mistake(expected, "the repository is lower case, the tag letters, digits, `.-_`")
    return raw


def _tagged_image(raw: Any) -> Any:
    if isinstance(raw, str) and "@" in raw:
        raise mistake("an image with a tag", f"without its digest: `{raw.partition('@')[0]}`")
    return _image(raw)


def _digest(raw: Any) -> Any:
    if isinstance(raw, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", raw):
        return raw
    raise mistake("`sha256:` and 64 hexadecimal digits", "copy what the registry says of the tag")


def _mirror(raw: Any) -> Any:
    expected = "a registry host, with a path if it has one, such as `registry.example.com/proxy`"
    if not isinstance(raw, str) or not raw:
        raise mistake(expected, "write one text value")
    if "://" in raw:
        raise mistake(expected, f"without the scheme: `{raw.partition('://')[2].rstrip('/')}`")
    if raw.endswith("/"):
        raise mistake(expected, f"without the last slash: `{raw.rstrip('/')}`")
    if not _REPOSITORY.fullmatch(raw):
        raise mistake(expected, "lower-case letters, digits and `.-_:/`")
    return raw


def _charts(raw: Any) -> Any:
    expected = "a chart repository such as `https://charts.example.com` or `oci://host/charts`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if re.fullmatch(_CHARTS_PATTERN, raw):
        return raw
    if re.fullmatch(_CHARTS_PATTERN, raw.rstrip("/")):
        raise mistake(expected, f"without the last slash: `{raw.rstrip('/')}`")
    if "://" not in raw and re.fullmatch(_CHARTS_PATTERN, f"https://{raw.rstrip('/')}"):
        raise mistake(expected, f"with its scheme: `https://{raw.rstrip('/')}`")
    raise mistake(expected, "the scheme is `https`, `http` or `oci`")


def _inner_path(raw: Any) -> Any:
    expected = "a path inside the volume, such as `half_plus_two` or `team/half_plus_two`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    parts = raw.split("/")
    if raw.startswith("/"):
        raise mistake(expected, f"without the first slash: `{raw.strip('/') or '.'}`")
    if ".." in parts:
        raise mistake(expected, "without `..`: a model cannot leave its volume")
    if not all(re.fullmatch(r"[A-Za-z0-9._-]+", part) for part in parts) or parts == ["."]:
        raise mistake(expected, "letters, digits, `.`, `_` and `-`, parted by single slashes")
    return raw


def _absolute_path(raw: Any) -> Any:
    expected = "an absolute path such as `/models/half_plus_two`"
    if not isinstance(raw, str) or not raw:
        raise mistake(expected, "write one text value")
    if not raw.startswith("/"):
        raise mistake(expected, f"did you mean `/{raw}`?")
    if raw != "/":
        _inner_path(raw[1:])
    return raw


def _text(validate: Any, description: str, pattern: str | None = None) -> Any:
    schema = {"type": "string", "description": description}
    if pattern:
        schema["pattern"] = pattern
    return BeforeValidator(validate), WithJsonSchema(schema)


_BYTES_PATTERN = f"^{_QUANTITY}({'|'.join(_BINARY | _DECIMAL)})$"
Bytes = Annotated[str, *_text(_bytes, "Bytes with a unit: 512Mi, 1Gi", _BYTES_PATTERN)]
Cpu = Annotated[
    str,
    BeforeValidator(_cpu),
    WithJsonSchema({"type": ["string", "number"], "description": "CPU cores: 1, 0.5, 500m"}),
]
Duration = Annotated[str, *_text(_duration, "Time with a unit: 90s, 2m", "^[1-9][0-9]*(ms|s|m|h)$")]
Label = Annotated[str, *_text(_label, "A Kubernetes name", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
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
