"""Operations that a simulated cloud refuses, and the reasons."""

from __future__ import annotations

from typing import Final

from local.clouds.account import Account, Record
from local.clouds.api import leftovers
from local.clouds.cloud import Cloud

#: The properties that protect a resource from deletion, and the values that turn it on.
_PROTECTIONS: Final = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "enableDeletionProtection",
    "deleteProtection",
)
_ON: Final = (True, "Enabled", "enabled", "on", "true")


def of_creation(record: Record, cloud: Cloud, account: Account) -> str | None:
    """The reason why `record` cannot be created, None if it can."""
    if fault := account.fault("create", record.type):
        return fault
    if existing := account.find(record.type, record.id):
        return f"{record.label} exists already (made as {existing.urn.rpartition('::')[2]})"
    rule = cloud.creations.get(record.type)
    return rule(record, account) if rule else None


def of_deletion(record: Record, cloud: Cloud, account: Account) -> str | None:
    """The reason why `record` cannot be deleted, None if it can. Raises OSError if a cluster's API
    does not answer."""
    if fault := account.fault("delete", record.type):
        return fault
    for name in _PROTECTIONS:
        default = record.type in cloud.protected and name == _PROTECTIONS[0]
        if record.inputs.get(name, default) in _ON:
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
