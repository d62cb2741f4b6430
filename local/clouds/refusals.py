"""Why a cloud would not do now what it is asked to."""

from __future__ import annotations

from typing import Final

from local.clouds.account import Account, Record
from local.clouds.api import leftovers
from local.clouds.cloud import Cloud

#: What a resource is kept from its deletion by, and the values that do.
_PROTECTIONS: Final = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "enableDeletionProtection",
    "deleteProtection",
)
_ON: Final = (True, "Enabled", "enabled", "on", "true")


def of_creation(record: Record, cloud: Cloud, account: Account) -> str | None:
    """Why `record` cannot be made, None where it can."""
    if fault := account.fault("create", record.type):
        return fault
    if there := account.find(record.type, record.id):
        return f"{record.label} exists already (made as {there.urn.rpartition('::')[2]})"
    rule = cloud.creations.get(record.type)
    return rule(record, account) if rule else None


def of_deletion(record: Record, cloud: Cloud, account: Account) -> str | None:
    """Why `record` cannot be deleted, None where it can. Raises OSError where a cluster's API does
    not answer."""
    if fault := account.fault("delete", record.type):
        return fault
    for name in _PROTECTIONS:
        otherwise = record.type in cloud.protected and name == _PROTECTIONS[0]
        if record.inputs.get(name, otherwise) in _ON:
            return (
                f"{record.label} is protected by {name}: set it to false, `pulumi up`, and "
                "delete it then"
            )
    if users := account.users(record, cloud.by_name):
        labels = ", ".join(sorted(each.label for each in users))
        return f"DependencyViolation: {record.label} is still used by {labels}"
    if record.type in cloud.clusters and (api := account.api()) and (left := leftovers(api)):
        return f"{record.label}: nobody would delete what these made: {', '.join(left)}"
    rule = cloud.deletions.get(record.type)
    return rule(record, account) if rule else None
