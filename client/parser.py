"""The command line's parser."""

import argparse
from typing import TypeAlias

from client.arguments import (
    add_call,
    add_kubeconfig,
    add_limits,
    add_outputs,
    add_service,
    add_transport,
    count,
    seconds,
    shape,
)
from client.endpoint import TRANSPORTS

_EXAMPLES = """\
examples:
  python -m client predict half_plus_two 1 2 5              the model's answer, as a JSON list
  python -m client predict half_plus_two 1 2 5 --rest       the same over REST
  python -m client predict scorer 1 2 --protocol rest-binary    REST with raw tensors (Triton)
  python -m client predict digits --json @batch.json        nested lists from a file
  python -m client predict ranker --json '{"user": [7], "item": [3]}'    inputs by name
  python -m client predict llm "Hello" --stream             each answer of a stream, as it arrives
  python -m client metadata half_plus_two                   its signatures, dtypes and shapes
  python -m client check half_plus_two                      through kubectl port-forward, no gateway
  python -m client why                                      what is not ready, and the reason
  python -m client smoke                                    every endpoint of the stack
  python -m client bench half_plus_two --rows 32            gRPC, REST binary, REST JSON side by side
  python -m client bench digits --digits                    error rate over 1,000 handwritten digits
  python -m client load-version digits 2                    Triton: serve this version, no other

The stack's outputs come from `pulumi stack output --json` (--stack NAME, else the selected stack,
else dev), or from --outputs FILE. Exit codes: 0 good, 1 failed, 2 wrong use.
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m client",
        description="Call the models of a Slipway stack, and check that they answer.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_predict(commands)
    _add_metadata(commands)
    _add_check(commands)
    _add_why(commands)
    _add_smoke(commands)
    _add_bench(commands)
    _add_load_version(commands)
    return top


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(
    commands: _Commands, name: str, text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_predict(commands: _Commands) -> None:
    predict = _command(
        commands,
        "predict",
        "ask a model, print its answer as JSON",
        "examples:\n"
        "  predict half_plus_two 1 2 5\n"
        "  predict half_plus_two -- -1e3 2        (after --, nothing is an option)\n"
        "  predict digits --json '[[0, 0.5], [1, 0]]'\n"
        "  predict digits --json @batch.json      (- for stdin)\n"
        '  predict llm --stream --json \'{"text_input": ["Hello"]}\'\n\n'
        "Values are converted to the input's dtype. One output is printed as a plain list, several as\n"
        "an object by name.",
    )
    predict.add_argument("model", help="name of the model in the stack")
    predict.add_argument(
        "values", nargs="*", help="the input's values, in order; they fill its open dimension"
    )
    predict.add_argument(
        "--json",
        metavar="JSON|@FILE",
        help="the input as nested lists, or inputs by name as an object; @FILE reads a file",
    )
    predict.add_argument("--signature", metavar="NAME", help="default: serving_default")
    once = predict.add_mutually_exclusive_group()
    once.add_argument(
        "--stream",
        action="store_true",
        help="print each answer as it arrives, one JSON value a line (Triton's decoupled models)",
    )
    once.add_argument(
        "--idempotent",
        action="store_true",
        help="executing the call twice does no harm: repeat it after a broken connection, 429, 502"
        " and 503",
    )
    add_outputs(predict)
    add_transport(predict)
    add_call(predict)


def _add_metadata(commands: _Commands) -> None:
    metadata = _command(commands, "metadata", "show what a model takes and gives")
    metadata.add_argument("model", help="name of the model in the stack")
    metadata.add_argument("--json", action="store_true", help="as JSON instead of a table")
    add_outputs(metadata)
    add_transport(metadata)
    add_call(metadata)


def _add_check(commands: _Commands) -> None:
    check = _command(
        commands,
        "check",
        "try a model through kubectl port-forward, before or without a gateway",
        "Finds the Service by its label model.slipway.dev/<model>, and the protocol by its label\n"
        "slipway.dev/protocol. The kubeconfig is --kubeconfig, else $KUBECONFIG, else the stack's\n"
        "output.",
    )
    check.add_argument("model", help="name of the model")
    add_service(check)
    check.add_argument("--signature", metavar="NAME", help="default: serving_default")
    add_transport(check)
    add_call(check)


def _add_why(commands: _Commands) -> None:
    why = _command(
        commands,
        "why",
        "show what is not ready or not deleted, and the reason",
        "Reads pods, events, logs, claims and finalizers through kubectl, and changes nothing. The\n"
        "kubeconfig is --kubeconfig, else $KUBECONFIG, else the stack's output. Exit code 1 if\n"
        "anything is not ready.",
    )
    why.add_argument(
        "model", nargs="?", help="name of one model or server; default: all, and the gateway"
    )
    add_kubeconfig(why)


def _add_smoke(commands: _Commands) -> None:
    smoke = _command(
        commands,
        "smoke",
        "call every endpoint of the stack over gRPC and REST, as JSON and with raw tensors",
        "For each model: channel ready, metadata, one prediction with zeros. For a decoupled model, it is\n"
        "the first answer of a stream; JSON with raw tensors has no streams. Times are those of the\n"
        "prediction, in milliseconds, without connecting. Exit code 1 if anything failed.",
    )
    smoke.add_argument("models", nargs="*", help="default: all models of the stack")
    smoke.add_argument("--json", action="store_true", help="as JSON instead of a table")
    add_outputs(smoke)
    add_limits(smoke)


def _add_bench(commands: _Commands) -> None:
    bench = _command(
        commands,
        "bench",
        "time predictions over gRPC, REST with raw tensors and REST with JSON, in turns",
        "examples:\n"
        "  bench half_plus_two --rows 1024 --calls 200\n"
        "  bench ranker --shape user=32 --shape item=32x100 --seconds 5\n"
        "  bench digits --digits --rest            1,000 calls of one digit each: the error rate\n\n"
        "Inputs are random and the same for all transports. orjson writes and reads JSON. Connections\n"
        "are kept. Times are those of one prediction in milliseconds: percentiles of the whole, medians\n"
        "of ENCODE (arrays to bytes), WIRE+SERVER and DECODE. All threads share one Python process: with\n"
        "a high --concurrency the client is the bottleneck. --direct includes the cost of kubectl\n"
        "port-forward; to measure without it, write the pod's addresses into an --outputs file. --digits\n"
        "sends the last 1,000 of the 1,797 digits that scikit-learn ships (pip install --no-deps -r\n"
        "client/requirements-digits.txt), as floats in 0..1 or integers in 0..16. Exit code 1 if any\n"
        "call failed.",
    )
    bench.add_argument("models", nargs="+", metavar="model", help="name of a model in the stack")
    bench.add_argument(
        *("--rows", "--batch"),
        type=count,
        default=1,
        metavar="N",
        help="size of the first open dimension; default 1",
    )
    bench.add_argument(
        "--shape",
        type=shape,
        action="append",
        default=[],
        metavar="[INPUT=]SIZES",
        help="an input's whole shape, as 1024x784",
    )
    amount = bench.add_mutually_exclusive_group()
    amount.add_argument("--calls", type=count, metavar="N", help="calls over each transport")
    amount.add_argument(
        "--seconds", type=seconds, metavar="S", help="time for all transports together; default 10"
    )
    bench.add_argument(
        "--concurrency", type=count, default=1, metavar="N", help="threads that call; default 1"
    )
    bench.add_argument(
        "--protocol",
        dest="transports",
        action="append",
        choices=TRANSPORTS,
        help="only over this transport (may be repeated); default: all, with --digits grpc",
    )
    bench.add_argument(
        "--rest", dest="transports", action="append_const", const="rest", help="--protocol rest"
    )
    bench.add_argument("--signature", metavar="NAME", help="default: serving_default")
    bench.add_argument("--digits", action="store_true", help="error rate over handwritten digits")
    bench.add_argument(
        "--digits-from", metavar="FILE", help="digits as CSV: 64 pixels in 0..16, and the digit"
    )
    bench.add_argument("--json", action="store_true", help="as JSON instead of a table")
    add_outputs(bench)
    bench.add_argument(
        "--direct", action="store_true", help="through kubectl port-forward, without the gateway"
    )
    bench.add_argument("--kubeconfig", metavar="FILE", help="for --direct; default: $KUBECONFIG")
    bench.add_argument(
        "--speaks",
        metavar="PROTOCOL",
        help="for --direct, if the Service has no label slipway.dev/protocol",
    )
    add_limits(bench)


def _add_load_version(commands: _Commands) -> None:
    load = _command(
        commands,
        "load-version",
        "make every pod of a model serve one version, and no other (Triton)",
        "The server must run with --model-control-mode=explicit. This calls each pod through kubectl\n"
        "port-forward, because the gateway does not route the repository API. Pods that start later\n"
        "serve the versions in the model's own configuration: change it there too.",
    )
    load.add_argument("model", help="name of the model")
    load.add_argument("version", type=count, help="the directory's number")
    add_service(load)
    add_transport(load)
    add_limits(load, deadline=300.0)
