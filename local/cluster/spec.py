"""The description of one cluster: its name, directory, addresses and programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

#: Each cluster has one directory in it, and stores nothing else on the machine.
BASE = Path("/var/lib/slipway")
#: The kubelet's hard-coded path. In a cluster's mount namespace it is a directory of the cluster.
KUBELET = Path("/var/lib/kubelet")

#: Pods and Services live inside the cluster's own network namespace, so all clusters share these.
POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
API_PORT = 6443
#: All networks between the machine and its clusters.
NETWORKS = "10.213.0.0/16"


@dataclass(frozen=True)
class Network:
    """The /24 between the machine and one cluster: `.1` is the machine, `.2` the node, and `.128`
    and above are addresses for LoadBalancer Services. `index` is 0 to 255."""

    index: int

    @property
    def link(self) -> str:
        return f"slipway{self.index}"

    @property
    def cidr(self) -> str:
        return f"10.213.{self.index}.0/24"

    @property
    def host_ip(self) -> str:
        return f"10.213.{self.index}.1"

    @property
    def node_ip(self) -> str:
        return f"10.213.{self.index}.2"

    @property
    def load_balancer_ips(self) -> list[str]:
        return [f"10.213.{self.index}.{last}" for last in range(128, 255)]


@dataclass(frozen=True)
class ClusterSpec:
    """All inputs of the cluster's processes; stored in its directory.

    `programs` maps a program's name to its absolute path, `libraries` to directories for
    LD_LIBRARY_PATH, `images` are archives to import. Without `kubelet` the cluster has no node:
    only an API server, its controllers and etcd.
    """

    name: str
    index: int
    programs: dict[str, str]
    libraries: dict[str, str]
    cni_directory: str
    images: list[str]
    pause_image: str
    dns_image: str
    kubelet: bool = True

    @property
    def directory(self) -> Path:
        return BASE / self.name

    @property
    def network(self) -> Network:
        return Network(self.index)

    @property
    def api_url(self) -> str:
        return f"https://{self.network.node_ip}:{API_PORT}"

    @property
    def certificates(self) -> Path:
        return self.directory / "certificates"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def volumes(self) -> Path:
        return self.directory / "volumes"

    @property
    def registries(self) -> Path:
        return self.directory / "registries"

    @property
    def containerd_socket(self) -> str:
        return "/run/containerd/containerd.sock"

    def save(self) -> None:
        (self.directory / "spec.json").write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def load(cls, directory: Path) -> ClusterSpec:
        return cls(**json.loads((directory / "spec.json").read_text()))


def volume_directory(cluster: str, namespace: str, claim: str) -> Path:
    """The directory behind a PersistentVolumeClaim of the cluster's default storage class."""
    return BASE / cluster / "volumes" / namespace / claim
