"""Each program's official address and build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.toolchain.pins import (
    ACTIONLINT,
    ARCH,
    CONTAINERD,
    COREDNS,
    HELM,
    KARPENTER,
    KUBE_SCORE,
    KUBERNETES,
    KWOK,
    METRICS_SERVER,
    PAUSE,
    PULUMI,
    PULUMI_KUBERNETES,
    RUNC,
)

_PULUMI_ARCH = {"amd64": "x64"}.get(ARCH, ARCH)


@dataclass(frozen=True)
class Build:
    """One Go main package of the module under `go/<module>`.

    `embedded` maps a path below `go/<module>`, of a file that the package embeds and that the
    repository does not hold, to the module that has it and its path in that module.
    """

    module: str
    package: str
    ldflags: tuple[str, ...] = ()
    tags: str = ""
    cgo: bool = False
    embedded: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A program: which version on PATH is accepted, where it is published, how it is built.

    `accepts` are prefixes of the version that the arguments `probe` print; with an empty tuple no
    program on PATH is used. `url` is a plain binary, or a .tar.gz that contains `member`.
    `checksum` is the address of a file with its SHA-256, alone or in one of several
    `<sum>  <file>` lines.
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


@dataclass(frozen=True)
class Sources:
    """Directories that are copied from Go modules: module → paths. The module under `go/<module>`
    requires these modules."""

    version: str
    module: str
    directories: Mapping[str, tuple[str, ...]]


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
        # kubectl supports an API server one minor version older or newer. The other programs are
        # of one release.
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


_RUNC = f"https://github.com/opencontainers/runc/releases/download/{RUNC}"
_PULUMI = f"https://get.pulumi.com/releases/sdk/pulumi-{PULUMI}-linux-{_PULUMI_ARCH}.tar.gz"
_PULUMI_SUMS = f"pulumi-{PULUMI.removeprefix('v')}-checksums.txt"
_HELM = f"https://get.helm.sh/helm-{HELM}-linux-{ARCH}.tar.gz"
_COREDNS = (
    f"https://github.com/coredns/coredns/releases/download/{COREDNS}"
    f"/coredns_{COREDNS.removeprefix('v')}_linux_{ARCH}.tgz"
)

_ACTIONLINT = (
    f"https://github.com/rhysd/actionlint/releases/download/{ACTIONLINT}"
    f"/actionlint_{ACTIONLINT.removeprefix('v')}"
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
        Program(  # Karpenter with the kwok provider, whose machines are Node objects only
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
        Program(
            "actionlint",
            ACTIONLINT,
            Build(
                "actionlint",
                "github.com/rhysd/actionlint/cmd/actionlint",
                (f"-X github.com/rhysd/actionlint.version={ACTIONLINT.removeprefix('v')}",),
            ),
            url=_ACTIONLINT + f"_linux_{ARCH}.tar.gz",
            checksum=_ACTIONLINT + "_checksums.txt",
            member="actionlint",
        ),
    )
}

#: Programs that `make up` does not always need: the plugin is built if the official one cannot be
#: downloaded, metrics-server is for models that scale, kwok and karpenter for tests that need more
#: nodes, helm and kube-score for `make scan`, actionlint for `make lint`.
ON_DEMAND = (PLUGIN, "helm", "metrics-server", "kwok", "karpenter", "kube-score", "actionlint")
FOR_UP = tuple(name for name in PROGRAMS if name not in ON_DEMAND)

SOURCES: dict[str, Sources] = {
    # The chart that AWS publishes, the CRDs that the chart links to, and the CRD of the NodeClass
    # of the program `karpenter`.
    "karpenter": Sources(
        KARPENTER,
        "karpenter",
        {
            "github.com/aws/karpenter-provider-aws": ("charts/karpenter", "pkg/apis/crds"),
            "sigs.k8s.io/karpenter": ("kwok/apis/crds",),
        },
    ),
}
