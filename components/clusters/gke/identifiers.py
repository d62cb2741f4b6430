"""Types of options that hold a name or an ID of Google Cloud."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from components.config.options import mistake

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_PROJECT = re.compile(r"([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")


def _project(name: str) -> str:
    if not _PROJECT.fullmatch(name):
        raise mistake(
            "the project's ID: 6 to 30 lower-case letters, digits and `-`",
            "run `gcloud projects list`: it is neither the name nor the number",
        )
    return name


def _region(name: str) -> str:
    if not _REGION.fullmatch(name):
        zone = re.fullmatch(rf"({_REGION.pattern})-[a-z]", name)
        raise mistake(
            "a region such as `us-central1`: the control plane is in several of its zones",
            f"did you mean `{zone[1]}`?" if zone else "run `gcloud compute regions list`",
        )
    return name


def _group(name: str) -> str:
    if not re.fullmatch(r"gke-security-groups@[a-z0-9.-]+", name):
        raise mistake(
            "`gke-security-groups@<your domain>`: GKE knows no other",
            "make a group of that name, and the groups that RBAC may name its members",
        )
    return name


ProjectId = Annotated[str, AfterValidator(_project)]
Region = Annotated[str, AfterValidator(_region)]
SecurityGroup = Annotated[str, AfterValidator(_group)]
