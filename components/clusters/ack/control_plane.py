"""`ControlPlane`: an ACK managed Pro cluster without nodes, and the endpoints of its API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_alicloud import cs, ecs, nlb

from components.clusters.ack.logs import Logs
from components.clusters.ack.network import Network
from components.clusters.ack.options import AckOptions
from components.clusters.ack.versions import NETWORK_ADDON, RELEASES
from components.clusters.cloud import CidrsAccess, PrivateAccess

_API_PORT = 6443
#: The range from which ACK's own components call the API, by its page "Configure API server access
#: control".
_ACK_CIDR = "100.104.0.0/16"
#: The components of the control plane that write logs.
_LOG_COMPONENTS = ["apiserver", "kcm", "scheduler", "ccm", "controlplane-events"]
#: NetworkPolicies are enforced, and pods get their addresses from vSwitches of their own.
_NETWORK = {"NetworkPolicy": "true", "ENITrunking": "true", "IPVlan": "false"}
#: The shortest lifetime of a kubeconfig that ACK issues. Only its CA certificate is used.
_KUBECONFIG_MINUTES = 15


class ControlPlane(pulumi.ComponentResource):
    """The cluster, behind load balancers that the stack makes: a private one for nodes and for
    callers inside the network, and a public one if the stack names public ranges. The security
    groups of the load balancers admit only callers in the ranges.

    With load balancers of its own, the stack never exposes the API to other callers, not even for a
    moment, and leaves no load balancer behind when it is destroyed.
    """

    cluster: cs.ManagedKubernetes
    name: pulumi.Output[str]
    server: pulumi.Output[str]
    """The URL at which `up` calls the API."""
    certificate_authority: pulumi.Output[str]
    """The CA certificate of the API server, base64."""

    def __init__(
        self,
        name: str,
        options: AckOptions,
        *,
        cluster_name: str,
        network: Network,
        logs: Logs,
        key: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckControlPlane", name, None, opts)
        self._name, self._options, self._network = name, options, network
        self._child = pulumi.ResourceOptions(parent=self)
        load_balancers = self._make_load_balancers()
        self.cluster = self._make_cluster(cluster_name, load_balancers, logs, key)
        self.name = self.cluster.name
        self.server = self._server(load_balancers)
        self.certificate_authority = self._read_certificate_authority()
        self.register_outputs({"server": self.server})

    def _make_load_balancers(self) -> Mapping[str, nlb.LoadBalancer]:
        """The load balancers by endpoint type. `up` uses the last one."""
        access = self._options.access
        private_ranges = [self._options.vpc.cidr, _ACK_CIDR]
        if isinstance(access, PrivateAccess):
            private_ranges += access.from_
        load_balancers = {
            "private": self._make_load_balancer("private", "Intranet", private_ranges)
        }
        if isinstance(access, CidrsAccess):
            load_balancers["public"] = self._make_load_balancer("public", "Internet", access.cidrs)
        return load_balancers

    def _make_load_balancer(
        self, endpoint_type: str, address_type: str, ranges: Sequence[str]
    ) -> nlb.LoadBalancer:
        name = f"{self._name}-{endpoint_type}"
        group = ecs.SecurityGroup(
            f"{name}-callers",
            security_group_name=f"{name}-callers",
            vpc_id=self._network.vpc_id,
            security_group_type="normal",
            inner_access_policy="Drop",
            opts=self._child,
        )
        rules = [
            ecs.SecurityGroupRule(
                f"{name}-caller-{cidr.replace('/', '-').replace('.', '-')}",
                security_group_id=group.id,
                type="ingress",
                ip_protocol="tcp",
                port_range=f"{_API_PORT}/{_API_PORT}",
                nic_type="intranet",
                policy="accept",
                cidr_ip=cidr,
                description="The Kubernetes API",
                opts=self._child,
            )
            for cidr in dict.fromkeys(ranges)
        ]
        return nlb.LoadBalancer(
            f"{name}-door",
            load_balancer_name=name,
            load_balancer_type="Network",
            address_type=address_type,
            vpc_id=self._network.vpc_id,
            cross_zone_enabled=True,
            security_group_ids=[group.id],
            zone_mappings=[
                nlb.LoadBalancerZoneMappingArgs(zone_id=zone, vswitch_id=vswitch)
                for zone, vswitch in self._network.nodes.items()
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules),
        )

    def _make_cluster(
        self,
        cluster_name: str,
        load_balancers: Mapping[str, nlb.LoadBalancer],
        logs: Logs,
        key: pulumi.Input[str],
    ) -> cs.ManagedKubernetes:
        options = self._options
        return cs.ManagedKubernetes(
            f"{self._name}-cluster",
            name=cluster_name,
            cluster_spec="ack.pro.small",
            version=RELEASES[options.minor],
            # Nodes are upgraded pool by pool, when the stack file sets `upgrade`.
            upgrade_policy=cs.ManagedKubernetesUpgradePolicyArgs(control_plane_only=True),
            vswitch_ids=list(self._network.nodes.values()),
            pod_vswitch_ids=list(self._network.pods.values()),
            service_cidr=options.service_cidr,
            # ACK's own load balancer would admit every caller.
            slb_internet_enabled=False,
            control_plane_endpoints_config=cs.ManagedKubernetesControlPlaneEndpointsConfigArgs(
                load_balancers_configs=[
                    cs.ManagedKubernetesControlPlaneEndpointsConfigLoadBalancersConfigArgs(
                        load_balancer_id=each.id, endpoint_type=endpoint_type
                    )
                    for endpoint_type, each in load_balancers.items()
                ]
            ),
            custom_san=pulumi.Output.all(
                *(each.dns_name for each in load_balancers.values())
            ).apply(lambda names: ",".join(filter(None, names))),
            new_nat_gateway=False,
            is_enterprise_security_group=True,
            enable_rrsa=True,
            encryption_provider_key=key,
            disable_encryption=False,
            # Without it the state would hold the cluster's client key, which is valid for years.
            skip_set_certificate_authority=True,
            deletion_protection=options.deletion_protection,
            audit_log_config=cs.ManagedKubernetesAuditLogConfigArgs(
                enabled=True, sls_project_name=logs.project
            ),
            control_plane_log_components=_LOG_COMPONENTS,
            control_plane_log_project=logs.project,
            control_plane_log_ttl=str(options.log_days),
            addons=[
                cs.ManagedKubernetesAddonArgs(name=NETWORK_ADDON, config=json.dumps(_NETWORK)),
                # The stack installs its own gateway.
                cs.ManagedKubernetesAddonArgs(name="nginx-ingress-controller", disabled=True),
            ],
            # The stack deletes the log project itself.
            delete_options=[
                cs.ManagedKubernetesDeleteOptionArgs(resource_type=kind, delete_mode=mode)
                for kind, mode in (
                    ("SLB", "delete"),
                    ("ALB", "delete"),
                    ("SLS_Data", "retain"),
                    ("SLS_ControlPlane", "retain"),
                )
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(self._network.ready),
                protect=options.deletion_protection,
                # `addons` only applies at creation; `Addons` manages them afterwards.
                ignore_changes=["addons"],
            ),
        )

    def _server(self, load_balancers: Mapping[str, nlb.LoadBalancer]) -> pulumi.Output[str]:
        load_balancer = list(load_balancers.values())[-1]
        endpoints = self.cluster.control_plane_endpoints_config.apply(_endpoints)
        return pulumi.Output.all(endpoints, load_balancer.id, load_balancer.dns_name).apply(
            lambda values: _url(values[0].get(values[1]) or values[2])
        )

    def _read_certificate_authority(self) -> pulumi.Output[str]:
        credential = cs.get_cluster_credential_output(
            cluster_id=self.cluster.id,
            temporary_duration_minutes=_KUBECONFIG_MINUTES,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        return credential.kube_config.apply(certificate_authority_of)


def _endpoints(config: Any) -> dict[str, str]:
    """The API's endpoints as ACK reports them, by the load balancer's ID."""
    load_balancers = getattr(config, "load_balancers_configs", None) or ()
    return {each.load_balancer_id: each.endpoint for each in load_balancers if each.endpoint}


def _url(address: str) -> str:
    return address if "://" in address else f"https://{address.partition(':')[0]}:{_API_PORT}"


def certificate_authority_of(kubeconfig: str) -> str:
    """The CA certificate in a kubeconfig, base64. The kubeconfig's credentials are dropped.

    Raises `pulumi.RunError` if there is none.
    """
    import yaml

    document = yaml.safe_load(kubeconfig) or {}
    for entry in document.get("clusters") or ():
        if certificate := (entry.get("cluster") or {}).get("certificate-authority-data"):
            return str(certificate)
    raise pulumi.RunError("ACK gave a kubeconfig without the certificate of its authority")
