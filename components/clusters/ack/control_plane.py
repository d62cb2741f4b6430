"""`ControlPlane`: an ACK managed Pro cluster without nodes, and the ways to its API."""

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
#: ACK's own components call the API from here, by its page "Configure API server access control".
_ACK_CIDR = "100.104.0.0/16"
#: What of the control plane writes logs.
_LOG_COMPONENTS = ["apiserver", "kcm", "scheduler", "ccm", "controlplane-events"]
#: NetworkPolicies hold, and pods get their addresses from vSwitches of their own.
_NETWORK = {"NetworkPolicy": "true", "ENITrunking": "true", "IPVlan": "false"}
#: The shortest that ACK issues. Of what it comes with, only the authority is taken.
_MINUTES = 15


class ControlPlane(pulumi.ComponentResource):
    """The API is reached at load balancers of the stack's own, whose security groups let in who
    may connect: a private one for nodes and for who is in the network, and a public one where the
    stack names public ranges. So nothing is reachable for a moment that is not meant to be, and
    no load balancer stays behind."""

    cluster: cs.ManagedKubernetes
    server: pulumi.Output[str]
    """The API's URL, for whoever runs `up`."""
    authority: pulumi.Output[str]
    """The certificate of the authority that signed the API's, base64."""

    def __init__(
        self,
        name: str,
        called: str,
        options: AckOptions,
        network: Network,
        logs: Logs,
        key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckControlPlane", name, None, opts)
        self._name, self._options, self._network = name, options, network
        self._child = pulumi.ResourceOptions(parent=self)
        doors = self._make_doors()
        self.cluster = self._make_cluster(called, doors, logs, key)
        self.server = self._server(doors)
        self.authority = self._authority()
        self.register_outputs({"server": self.server})

    def _make_doors(self) -> Mapping[str, nlb.LoadBalancer]:
        """The load balancers by the type of endpoint; the last is the one that `up` takes."""
        access = self._options.access
        inside = [self._options.vpc.cidr, _ACK_CIDR]
        if isinstance(access, PrivateAccess):
            inside += access.from_
        doors = {"private": self._make_door("private", "Intranet", inside)}
        if isinstance(access, CidrsAccess):
            doors["public"] = self._make_door("public", "Internet", access.cidrs)
        return doors

    def _make_door(self, kind: str, address: str, ranges: Sequence[str]) -> nlb.LoadBalancer:
        name = f"{self._name}-{kind}"
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
            address_type=address,
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
        called: str,
        doors: Mapping[str, nlb.LoadBalancer],
        logs: Logs,
        key: pulumi.Input[str],
    ) -> cs.ManagedKubernetes:
        options = self._options
        return cs.ManagedKubernetes(
            f"{self._name}-cluster",
            name=called,
            cluster_spec="ack.pro.small",
            version=RELEASES[options.minor],
            # Nodes follow, pool by pool, when the stack says so.
            upgrade_policy=cs.ManagedKubernetesUpgradePolicyArgs(control_plane_only=True),
            vswitch_ids=list(self._network.nodes.values()),
            pod_vswitch_ids=list(self._network.pods.values()),
            service_cidr=options.service_cidr,
            # Its own load balancer would be open to everybody who reaches it.
            slb_internet_enabled=False,
            control_plane_endpoints_config=cs.ManagedKubernetesControlPlaneEndpointsConfigArgs(
                load_balancers_configs=[
                    cs.ManagedKubernetesControlPlaneEndpointsConfigLoadBalancersConfigArgs(
                        load_balancer_id=door.id, endpoint_type=kind
                    )
                    for kind, door in doors.items()
                ]
            ),
            custom_san=pulumi.Output.all(*(door.dns_name for door in doors.values())).apply(
                lambda names: ",".join(filter(None, names))
            ),
            new_nat_gateway=False,
            is_enterprise_security_group=True,
            enable_rrsa=True,
            encryption_provider_key=key,
            disable_encryption=False,
            # Its certificate and key, good for years, would be in the state.
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
                # The gateway is the stack's.
                cs.ManagedKubernetesAddonArgs(name="nginx-ingress-controller", disabled=True),
            ],
            # The logs' project is the stack's, and goes with it.
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
                depends_on=list(self._network.way_out),
                protect=options.deletion_protection,
                # For creation alone: add-ons are kept by resources of their own.
                ignore_changes=["addons"],
            ),
        )

    def _server(self, doors: Mapping[str, nlb.LoadBalancer]) -> pulumi.Output[str]:
        door = list(doors.values())[-1]
        told = self.cluster.control_plane_endpoints_config.apply(_endpoints)
        return pulumi.Output.all(told, door.id, door.dns_name).apply(
            lambda it: _url(it[0].get(it[1]) or it[2])
        )

    def _authority(self) -> pulumi.Output[str]:
        found = cs.get_cluster_credential_output(
            cluster_id=self.cluster.id,
            temporary_duration_minutes=_MINUTES,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        return found.kube_config.apply(authority_in)


def _endpoints(config: Any) -> dict[str, str]:
    """Where ACK says that the API is, by the load balancer's ID."""
    doors = getattr(config, "load_balancers_configs", None) or ()
    return {door.load_balancer_id: door.endpoint for door in doors if door.endpoint}


def _url(address: str) -> str:
    return address if "://" in address else f"https://{address.partition(':')[0]}:{_API_PORT}"


def authority_in(kubeconfig: str) -> str:
    """The authority's certificate in a kubeconfig, base64; nothing else of it.

    Raises `pulumi.RunError` where there is none.
    """
    import yaml

    document = yaml.safe_load(kubeconfig) or {}
    for entry in document.get("clusters") or ():
        if found := (entry.get("cluster") or {}).get("certificate-authority-data"):
            return str(found)
    raise pulumi.RunError("ACK gave a kubeconfig without the certificate of its authority")
