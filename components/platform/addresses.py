"""Host names and IP addresses, as URLs and socket addresses write them."""

from __future__ import annotations

import ipaddress


def is_address(host: str) -> bool:
    """Whether `host` is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def url_host(host: str) -> str:
    """`host` as it stands in a URL: an IPv6 address is in brackets."""
    return f"[{host}]" if ":" in host else host


def socket_address(host: str, port: int) -> str:
    """`host:port`, for a client to connect to."""
    return f"{url_host(host)}:{port}"
