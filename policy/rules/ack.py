"""Rules for ACK: managed clusters and node pools. checkov has few of them, so rules of our own check
what checkov checks on the other clouds."""

from __future__ import annotations

from .rule import Properties, Rule, at, every, is_true, present

CLUSTER = "alicloud:cs/managedKubernetes:ManagedKubernetes"
POOL = "alicloud:cs/nodePool:NodePool"

#: https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/collect-control-plane-component-logs-in-a-managed-kubernetes-cluster
_LOGS = {"apiserver", "kcm", "scheduler", "ccm"}


def _network_policies(cluster: Properties) -> bool:
    addons = {at(each, "name") for each in every(cluster, "addons")}
    if "terway-eniip" in addons:
        if not present(cluster, "podVswitchIds"):
            return False
        pods = set(every(cluster, "podVswitchIds"))
        nodes = every(cluster, "vswitchIds") or every(cluster, "workerVswitchIds")
        return not pods & set(nodes)
    return "flannel" in addons and present(cluster, "podCidr")


def _secrets_encrypted(cluster: Properties) -> bool:
    return (
        present(cluster, "encryptionProviderKey")
        and at(cluster, "disableEncryption") is not True
        # Only the professional edition encrypts secrets.
        and str(at(cluster, "clusterSpec") or "").startswith("ack.pro")
    )


def _no_certificate_on_disk(cluster: Properties) -> bool:
    files = ("clientCert", "clientKey", "clusterCaCert")
    return at(cluster, "skipSetCertificateAuthority") is True and not any(
        present(cluster, file) for file in files
    )


def _disks_encrypted(pool: Properties) -> bool:
    return (
        is_true(at(pool, "systemDiskEncrypted"))
        and present(pool, "systemDiskKmsKey")
        and all(
            is_true(at(disk, "encrypted")) and present(disk, "kmsKeyId")
            for disk in every(pool, "dataDisks")
        )
    )


RULES = (
    Rule(
        id="CKV_ALI_26",
        types=(CLUSTER,),
        demands="a network plugin that supports Kubernetes' network policies: Terway with separate "
        "vSwitches for pods, or Flannel with a CIDR",
        holds=_network_policies,
    ),
    Rule(
        id="CKV_ALI_31",
        types=(POOL,),
        demands="broken nodes are repaired",
        holds=lambda pool: at(pool, "management.autoRepair") is True,
    ),
    Rule(
        id="SLIPWAY_ACK_1",
        types=(CLUSTER,),
        demands="deletion protection",
        holds=lambda cluster: at(cluster, "deletionProtection") is True,
    ),
    Rule(
        id="SLIPWAY_ACK_2",
        types=(CLUSTER,),
        demands="an API server without a public address, which ACK adds by default and does not "
        "remove later",
        holds=lambda cluster: at(cluster, "slbInternetEnabled") is False,
    ),
    Rule(
        id="SLIPWAY_ACK_3",
        types=(CLUSTER,),
        demands="secrets encrypted by a KMS key, which only a professional cluster supports",
        holds=_secrets_encrypted,
    ),
    Rule(
        id="SLIPWAY_ACK_4",
        types=(CLUSTER,),
        demands="an audit log",
        holds=lambda cluster: at(cluster, "auditLogConfig.enabled") is True,
    ),
    Rule(
        id="SLIPWAY_ACK_5",
        types=(CLUSTER,),
        demands="logs of the API server, the scheduler and both controller managers, with a "
        "retention that the stack sets",
        holds=lambda cluster: (
            set(every(cluster, "controlPlaneLogComponents")) >= _LOGS
            and present(cluster, "controlPlaneLogTtl")
        ),
    ),
    Rule(
        id="SLIPWAY_ACK_6",
        types=(CLUSTER,),
        demands="RRSA, which gives pods a role without a static key",
        holds=lambda cluster: at(cluster, "enableRrsa") is True,
    ),
    Rule(
        id="SLIPWAY_ACK_7",
        types=(CLUSTER,),
        demands="no client certificate in the stack's state or in a file",
        holds=_no_certificate_on_disk,
    ),
    Rule(
        id="SLIPWAY_ACK_8",
        types=(POOL,),
        demands="system and data disks encrypted by a KMS key",
        holds=_disks_encrypted,
    ),
    Rule(
        id="SLIPWAY_ACK_9",
        types=(POOL,),
        demands="nodes without a public address",
        holds=lambda pool: not at(pool, "internetMaxBandwidthOut"),
    ),
    Rule(
        id="SLIPWAY_ACK_10",
        types=(POOL,),
        demands="the second version of the instance metadata service only",
        holds=lambda pool: at(pool, "instanceMetadataOptions.httpTokens") == "required",
    ),
    Rule(
        id="SLIPWAY_ACK_11",
        types=(POOL,),
        demands="no password to log in with",
        holds=lambda pool: (
            not present(pool, "password") and not present(pool, "kmsEncryptedPassword")
        ),
    ),
)
