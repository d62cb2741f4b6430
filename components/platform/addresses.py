"""Host names and IP addresses as URLs and sockets write them."""

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
    """`host` as a URL has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def socket_address(host: str, port: int) -> str:
    """Host and port to dial."""
    return f"{url_host(host)}:{port}"
