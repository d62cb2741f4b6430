"""The language host: answers the engine, and starts programs and policy packs."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc.aio
from google.protobuf import empty_pb2, json_format

from local.plugins.language_python.interpreter import (
    Interpreter,
    NoInterpreter,
    resolve,
    virtualenv_path,
)
from local.plugins.language_python.program import ALREADY_REPORTED
from local.plugins.protocol import language_pb2, language_pb2_grpc, plugin_pb2

_PROGRAM = Path(__file__).with_name("program.py")
_LIST_PACKAGES = (
    "import importlib.metadata as m, json;"
    "print(json.dumps(sorted({d.name: d.version for d in m.distributions()}.items())))"
)
_Context = grpc.aio.ServicerContext[Any, Any]


def _options(info: language_pb2.ProgramInfo) -> dict[str, Any]:
    return dict(json_format.MessageToDict(info.options))


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls of `pulumi-language-python` that the engine makes for programs and policy packs. A
    program logs to the engine at `engine_address`."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address

    async def Handshake(self, request: Any, context: _Context) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    async def GetPluginInfo(self, request: Any, context: _Context) -> Any:
        return plugin_pb2.PluginInfo()

    async def GetRequiredPlugins(self, request: Any, context: _Context) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    async def GetRequiredPackages(self, request: Any, context: _Context) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    async def RuntimeOptionsPrompts(self, request: Any, context: _Context) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    async def Template(self, request: Any, context: _Context) -> Any:
        return language_pb2.TemplateResponse()

    async def Cancel(self, request: Any, context: _Context) -> Any:
        return empty_pb2.Empty()

    async def About(self, request: Any, context: _Context) -> Any:
        python = await self._resolve(request.info, context)
        version = await _output([python.executable, "--version"], python)
        return language_pb2.AboutResponse(
            executable=python.executable, version=version.removeprefix("Python ").strip()
        )

    async def GetProgramDependencies(self, request: Any, context: _Context) -> Any:
        python = await self._resolve(request.info, context)
        packages = json.loads(await _output([python.executable, "-c", _LIST_PACKAGES], python))
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in packages
            ]
        )

    async def Run(self, request: Any, context: _Context) -> Any:
        """Evaluates the program in a separate process with the project's interpreter."""
        python = await self._resolve(request.info, context)
        request.args.insert(0, self._engine_address)
        process = await asyncio.create_subprocess_exec(
            python.executable,
            "-u",
            str(_PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            cwd=request.pwd or request.info.program_directory or None,
            env=python.environment(),
        )
        try:
            await process.communicate(request.SerializeToString())
        finally:
            await _stop(process)
        if process.returncode == ALREADY_REPORTED:
            return language_pb2.RunResponse(bail=True)
        if process.returncode:
            return language_pb2.RunResponse(
                error=f"Program exited with non-zero exit code: {process.returncode}"
            )
        return language_pb2.RunResponse()

    async def RunPlugin(self, request: Any, context: _Context) -> AsyncIterator[Any]:
        """Runs a policy pack, or a plugin written in Python, and streams its output."""
        python = await self._resolve(request.info, context)
        directory = request.info.program_directory or request.program
        arguments = list(request.args)
        if request.kind == "analyzer":
            # [engine address, "."]: the dot stands for the policy pack, not the working directory.
            arguments[1:2] = [directory]
            target = ["-m", "pulumi.policy"]
        else:
            target = [directory]
        process = await asyncio.create_subprocess_exec(
            python.executable,
            "-u",
            *target,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=request.pwd or None,
            env=python.environment(dict(entry.split("=", 1) for entry in request.env)),
        )
        try:
            async for name, chunk in _chunks(process):
                yield (
                    language_pb2.RunPluginResponse(stdout=chunk)
                    if name == "stdout"
                    else language_pb2.RunPluginResponse(stderr=chunk)
                )
            yield language_pb2.RunPluginResponse(exitcode=await process.wait())
        finally:
            await _stop(process)

    async def InstallDependencies(self, request: Any, context: _Context) -> AsyncIterator[Any]:
        """Creates the project's virtualenv and installs its requirements.txt."""
        root = request.info.root_directory or request.directory
        virtualenv = virtualenv_path(root, _options(request.info))
        for command in _install_commands(Path(request.directory or root), virtualenv):
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=request.directory or root,
            )
            async for name, chunk in _chunks(process):
                yield language_pb2.InstallDependenciesResponse(**{name: chunk})
            if code := await process.wait():
                await context.abort(
                    grpc.StatusCode.UNKNOWN, f"`{' '.join(command)}` exited with {code}"
                )

    async def _resolve(self, info: language_pb2.ProgramInfo, context: _Context) -> Interpreter:
        try:
            return resolve(info.root_directory or info.program_directory, _options(info))
        except NoInterpreter as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise


def _install_commands(directory: Path, virtualenv: Path | None) -> list[list[str]]:
    requirements = directory / "requirements.txt"
    install = ["-r", str(requirements)] if requirements.exists() else []
    uv = shutil.which("uv")
    python = str(virtualenv / "bin" / "python") if virtualenv else sys.executable
    commands: list[list[str]] = []
    if virtualenv is not None and not Path(python).exists():
        commands.append(
            [uv, "venv", str(virtualenv)] if uv else ["python3", "-m", "venv", str(virtualenv)]
        )
    if install and uv:
        commands.append([uv, "pip", "install", "--python", python, *install])
    elif install:
        commands.append([python, "-m", "pip", "install", *install])
    return commands


async def _output(command: Sequence[str], python: Interpreter) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=python.environment()
    )
    stdout, _ = await process.communicate()
    return stdout.decode()


async def _chunks(process: asyncio.subprocess.Process) -> AsyncIterator[tuple[str, bytes]]:
    """The output of `process` as ("stdout" | "stderr", bytes), until both streams end."""
    queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def pump(name: str, stream: asyncio.StreamReader | None) -> None:
        while stream is not None and (chunk := await stream.read(65536)):
            await queue.put((name, chunk))
        await queue.put((name, b""))

    pumps = [
        asyncio.ensure_future(pump("stdout", process.stdout)),
        asyncio.ensure_future(pump("stderr", process.stderr)),
    ]
    still_open = len(pumps)
    while still_open:
        name, chunk = await queue.get()
        if chunk:
            yield name, chunk
        else:
            still_open -= 1


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends a process that still runs: by SIGTERM, and by SIGKILL two seconds later."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), timeout=2)
    except TimeoutError:
        process.kill()
        await process.wait()
