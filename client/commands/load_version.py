"""`load-version`: makes every pod of a model serve one version, and no other."""

import argparse

from client.commands.limits import limits
from client.forward import forwarded, kubeconfig, protocol_of, service_of
from client.kubectl import find_pods
from client.model import Model


def run(options: argparse.Namespace) -> int:
    """Calls the pods in the order of their names, and stops at the first that refuses."""
    with kubeconfig(options) as config:
        service = service_of(config, options.model, options.transport, options.service)
        protocol = protocol_of(service, options.speaks)
        for pod in find_pods(config, service):
            with (
                forwarded(config, options.model, protocol, pod) as endpoint,
                Model(endpoint, transport=options.transport, limits=limits(options)) as model,
            ):
                model.load_version(options.version)
            print(f"{pod.namespace}/{pod.pod} serves version {options.version} of {options.model}")
    return 0
