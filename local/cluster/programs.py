"""The command lines of the cluster's processes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.cluster import cgroups
from local.cluster.spec import (
    API_PORT,
    DNS_IP,
    KUBELET,
    POD_CIDR,
    SERVICE_CIDR,
    ClusterSpec,
)

#: A path in the cluster's mount namespace, whose `/run` is a tmpfs of its own.
RUN = Path("/run/slipway")


@dataclass(frozen=True)
class Process:
    """One long-running program. `libraries` is its LD_LIBRARY_PATH, `path` comes before PATH."""

    name: str
    command: list[str]
    libraries: str = ""
    path: list[str] = field(default_factory=list)


def control_plane(spec: ClusterSpec) -> list[Process]:
    """etcd and the API server, then the controllers and the scheduler."""
    pki = spec.certificates
    etcd_url = "http://127.0.0.1:2379"
    etcd = [
        spec.programs["etcd"],
        "--name=etcd",
        # In memory: a cluster does not survive a stop.
        f"--data-dir={RUN}/etcd",
        f"--listen-client-urls={etcd_url}",
        f"--advertise-client-urls={etcd_url}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--log-level=warn",
        "--logger=zap",
        "--auto-compaction-retention=5m",
    ]
    apiserver = [
        spec.programs["kube-apiserver"],
        f"--etcd-servers={etcd_url}",
        f"--advertise-address={spec.network.node_ip}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/service-account.key",
        f"--service-account-signing-key-file={pki}/service-account.key",
        f"--requestheader-client-ca-file={pki}/ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
        "--enable-aggregator-routing=true",
        # etcd 3.4 cannot report the progress of a watch, so a client's streaming list would be cut
        # off every few seconds. Without the feature clients list at once and then watch.
        "--feature-gates=WatchList=false",
        "--allow-privileged=true",
        "--profiling=false",
    ]
    controllers = [
        spec.programs["kube-controller-manager"],
        f"--kubeconfig={pki}/controller-manager.kubeconfig",
        f"--authentication-kubeconfig={pki}/controller-manager.kubeconfig",
        f"--authorization-kubeconfig={pki}/controller-manager.kubeconfig",
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/service-account.key",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={POD_CIDR}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        # The default is 15 s; with 5 s a user sees a model scale soon after the load begins.
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--profiling=false",
    ]
    scheduler = [
        spec.programs["kube-scheduler"],
        f"--kubeconfig={pki}/scheduler.kubeconfig",
        f"--authentication-kubeconfig={pki}/scheduler.kubeconfig",
        f"--authorization-kubeconfig={pki}/scheduler.kubeconfig",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--profiling=false",
    ]
    return [
        Process("etcd", etcd),
        Process("kube-apiserver", apiserver),
        Process("kube-controller-manager", controllers),
        Process("kube-scheduler", scheduler),
    ]


def containerd(spec: ClusterSpec) -> Process:
    """The container runtime; its shim and runc are found on its PATH."""
    names = ("containerd-shim-runc-v2", "runc")
    directories = [str(Path(spec.programs[name]).parent) for name in names]
    command = [spec.programs["containerd"], "--config", f"{spec.directory}/containerd.toml"]
    return Process("containerd", command, path=directories)


def node(spec: ClusterSpec) -> list[Process]:
    """The kubelet and kube-proxy."""
    kubelet = [
        spec.programs["kubelet"],
        f"--config={spec.directory}/kubelet.json",
        f"--kubeconfig={spec.certificates}/kubelet.kubeconfig",
        f"--hostname-override={spec.name}",
        f"--node-ip={spec.network.node_ip}",
        f"--root-dir={KUBELET}",
    ]
    proxy = [
        spec.programs["kube-proxy"],
        "--proxy-mode=nftables",
        f"--kubeconfig={spec.certificates}/proxy.kubeconfig",
        f"--hostname-override={spec.name}",
        f"--cluster-cidr={POD_CIDR}",
        # 0: leave them as they are, since they are settings of the whole machine.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
    nft = str(Path(spec.programs["nft"]).parent)
    return [
        Process("kubelet", kubelet),
        Process("kube-proxy", proxy, libraries=spec.libraries["nft"], path=[nft]),
    ]


def write_configuration(spec: ClusterSpec) -> None:
    """Write the configuration files of the node's programs."""
    directory = spec.directory
    (directory / "containerd.toml").write_text(_containerd_toml(spec))
    (directory / "kubelet.json").write_text(json.dumps(_kubelet(spec), indent=2))
    (directory / "resolv.conf").write_text("# no name server outside the cluster\n")
    network = directory / "cni"
    network.mkdir(exist_ok=True)
    (network / "10-slipway.conflist").write_text(json.dumps(_cni(), indent=2))


def _containerd_toml(spec: ClusterSpec) -> str:
    return f"""\
version = 3
root = "{spec.directory}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
address = "{spec.containerd_socket}"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".registry]
# One directory for each registry that is reached by other settings than the defaults.
config_path = "{spec.registries}"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{spec.pause_image}"

[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE the kernel refuses an oom_score_adj below the process's own.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{spec.cni_directory}"]
conf_dir = "{spec.directory}/cni"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "{spec.programs["runc"]}"
SystemdCgroup = false
"""


def _kubelet(spec: ClusterSpec) -> dict[str, Any]:
    pki = spec.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": spec.network.node_ip,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet-server.key",
        "containerRuntimeEndpoint": f"unix://{spec.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroups.name_of(spec.name)}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "clusterDNS": [DNS_IP],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{spec.directory}/resolv.conf",
        # Otherwise the kubelet refuses an image that `make up` imported after a pull had failed.
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
        # No garbage collection: images cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
        "shutdownGracePeriod": "0s",
        "nodeStatusUpdateFrequency": "5s",
        "readOnlyPort": 0,
    }


def _cni() -> dict[str, Any]:
    ranges = [[{"subnet": "10.244.0.0/24"}]]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",
            "ranges": ranges,
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return {"cniVersion": "1.0.0", "name": "slipway", "plugins": [bridge]}
