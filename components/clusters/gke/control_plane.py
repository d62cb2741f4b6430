"""`ControlPlane`: a GKE cluster without node pools."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.clusters.cloud import CidrsAccess, PrivateAccess
from components.clusters.gke.encryption import Encryption
from components.clusters.gke.labels import resource_labels
from components.clusters.gke.logs import LOG_COMPONENTS, METRIC_COMPONENTS
from components.clusters.gke.network import Network
from components.clusters.gke.options import GkeOptions
from components.clusters.gke.vpc_options import GkeCreateVpc

#: Of the window's start and end only the time of day matters: the recurrence has the days.
_FIRST_DAY, _SECOND_DAY = "2026-01-01", "2026-01-02"


class ControlPlane:
    """A regional cluster without node pools."""

    cluster: gcp.container.Cluster
    name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        options: GkeOptions,
        *,
        network: Network,
        encryption: Encryption,
        nodes: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`nodes` is the e-mail address of the nodes' service account."""
        group, by_name = options.security_group, options.access.kind == "dns"
        self.cluster = gcp.container.Cluster(
            f"{name}-control-plane",
            project=options.project,
            location=options.region,
            node_locations=_zones(options),
            deletion_protection=options.deletion_protection,
            resource_labels=resource_labels(),
            # Pins the minor version. Patches come from the channel.
            min_master_version=options.minor,
            release_channel={"channel": options.channel.upper()},
            maintenance_policy=_maintenance(options),
            network=network.network,
            subnetwork=network.subnetwork,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy={
                "cluster_secondary_range_name": network.pods,
                "services_secondary_range_name": network.services,
            },
            datapath_provider="ADVANCED_DATAPATH",
            enable_intranode_visibility=True,
            private_cluster_config={
                "enable_private_nodes": True,
                # GKE reports true for a cluster without an IP endpoint, too.
                "enable_private_endpoint": not isinstance(options.access, CidrsAccess),
            },
            control_plane_endpoints_config={
                "dns_endpoint_config": {
                    "allow_external_traffic": by_name,
                    "enable_k8s_certs_via_dns": False,
                    "enable_k8s_tokens_via_dns": False,
                },
                "ip_endpoints_config": {"enabled": not by_name},
            },
            master_authorized_networks_config=_authorized_networks(options),
            service_external_ips_config={"enabled": False},
            database_encryption={"state": "ENCRYPTED", "key_name": encryption.key},
            workload_identity_config={"workload_pool": f"{options.project}.svc.id.goog"},
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            # Kubernetes has no password login since 1.19.
            master_auth={"client_certificate_config": {"issue_client_certificate": False}},
            anonymous_authentication_config={"mode": "LIMITED"},
            rbac_binding_config={
                "enable_insecure_binding_system_authenticated": False,
                "enable_insecure_binding_system_unauthenticated": False,
            },
            authenticator_groups_config={"security_group": group} if group else None,
            binary_authorization={"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
            security_posture_config={"mode": "BASIC"},
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=_default_pool(encryption, nodes),
            node_pool_defaults={
                "node_config_defaults": {"insecure_kubelet_readonly_port_enabled": "FALSE"}
            },
            logging_config={"enable_components": list(LOG_COMPONENTS)},
            monitoring_config={
                "enable_components": list(METRIC_COMPONENTS),
                "managed_prometheus": {"enabled": True},
            },
            addons_config={
                "gce_persistent_disk_csi_driver_config": {"enabled": True},
                "gcp_filestore_csi_driver_config": {"enabled": True},
                "horizontal_pod_autoscaling": {"disabled": False},
                # Needed for the load balancers of Services, too.
                "http_load_balancing": {"disabled": False},
            },
            cost_management_config={"enabled": True},
            opts=_opts(network, encryption, options, opts),
        )
        self.name = self.cluster.name


def _opts(
    network: Network, encryption: Encryption, options: GkeOptions, opts: pulumi.ResourceOptions
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(
        opts,
        pulumi.ResourceOptions(
            depends_on=[*network.ready, *encryption.ready],
            protect=options.deletion_protection,
            # A refresh reads the configuration of some pool here.
            ignore_changes=["nodeConfig"],
        ),
    )


def _zones(options: GkeOptions) -> list[str] | None:
    return list(options.vpc.zones) or None if isinstance(options.vpc, GkeCreateVpc) else None


def _default_pool(
    encryption: Encryption, nodes: pulumi.Input[str]
) -> gcp.container.ClusterNodeConfigArgsDict:
    """The nodes of the default pool, which GKE creates with each cluster and which is removed after
    a minute. Policies of an organization may refuse nodes that are less protected."""
    return {
        "service_account": nodes,
        "boot_disk_kms_key": encryption.key,
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_integrity_monitoring": True,
        },
        "workload_metadata_config": {"mode": "GKE_METADATA"},
    }


def _maintenance(options: GkeOptions) -> gcp.container.ClusterMaintenancePolicyArgsDict:
    window = options.maintenance
    hour, minute = map(int, window.start.split(":"))
    end = (hour + window.hours) % 24
    last_day = _FIRST_DAY if hour + window.hours < 24 else _SECOND_DAY
    return {
        "recurring_window": {
            "start_time": f"{_FIRST_DAY}T{window.start}:00Z",
            "end_time": f"{last_day}T{end:02}:{minute:02}:00Z",
            "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(window.days)}",
        },
        "maintenance_exclusions": [
            {
                "exclusion_name": f"stay-on-{options.minor.replace('.', '-')}",
                "start_time": f"{_FIRST_DAY}T00:00:00Z",
                "exclusion_options": {
                    "scope": "NO_MINOR_UPGRADES",
                    "end_time_behavior": "UNTIL_END_OF_SUPPORT",
                },
            }
        ],
    }


def _authorized_networks(
    options: GkeOptions,
) -> gcp.container.ClusterMasterAuthorizedNetworksConfigArgsDict | None:
    """The ranges from which the IP endpoint can be called, the public or the private one."""
    access = options.access
    if isinstance(access, CidrsAccess):
        ranges = access.cidrs
    elif isinstance(access, PrivateAccess):
        ranges = access.from_
    else:
        return None
    return {
        "cidr_blocks": [{"cidr_block": each} for each in ranges],
        "gcp_public_cidrs_access_enabled": False,
        "private_endpoint_enforcement_enabled": True,
    }
