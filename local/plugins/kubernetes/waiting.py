"""Waiting until an object is ready, or gone, with a reason when it does not happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from local.plugins.kubernetes import readiness
from local.plugins.kubernetes.api import Api
from local.plugins.kubernetes.errors import (
    ApiError,
    KindNotFoundError,
    NotReadyError,
    UnreachableError,
)
from local.plugins.kubernetes.reasons import reasons

Object = dict[str, Any]
#: Says what is still missing; None when nothing is.
Test = Callable[[Object | None], Awaitable[str | None]]
Status = Callable[[str], Awaitable[None]]

#: A Service without a single pod is taken for finished after this many seconds, as with the
#: official plugin: its pods may be made by something that depends on the Service.
_SETTLE: Final = 10.0
#: Seconds between looks where no event can be counted on (time passes, a watch is cut).
_LOOK: Final = 5.0
_FIRST_LOOK: Final = 0.1
_REPORT: Final = 15.0


class Waiter:
    """Waits for one object; `cancelled` ends every wait with what is known by then."""

    def __init__(self, api: Api, cancelled: asyncio.Event, status: Status) -> None:
        self._api = api
        self._cancelled = cancelled
        self._status = status

    async def ready(self, live: Object, seconds: float) -> Object:
        """The object once it is ready; raises NotReadyError after `seconds`, or sooner when it
        cannot become ready any more."""
        test = self._test_of(live)
        if test is None:
            return live
        watched = [live]
        if (live["apiVersion"], live["kind"]) == ("v1", "Service"):
            watched.append(_endpoint_slices(live))
        what = _name(live)
        try:
            found = await self._until(live, watched, test, seconds)
        except readiness.Failed as error:
            latest = await self._latest(live)
            raise NotReadyError(
                f"{what} failed: {error}", await reasons(self._api, latest), latest
            ) from error
        except _Elapsed as error:
            latest = await self._latest(live)
            raise NotReadyError(
                f"{what} {error.how}: {error.missing}", await reasons(self._api, latest), latest
            ) from error
        assert found is not None
        return found

    async def missing_now(self, live: Object) -> list[str]:
        """What a refresh finds lacking in `live` at this moment; [] when it is ready."""
        if not readiness.is_awaited(live):
            return []
        try:
            lacking = readiness.missing(live)
        except readiness.Failed as error:
            lacking = str(error)
        return [f"{_name(live)} is not ready: {lacking}"] if lacking else []

    async def gone(self, live: Object, seconds: float) -> None:
        """Returns when `live` is no longer there; raises NotReadyError after `seconds`."""
        uid = (live.get("metadata") or {}).get("uid")

        async def test(found: Object | None) -> str | None:
            if found is None or (uid and found["metadata"]["uid"] != uid):
                return None
            finalizers = ", ".join(found["metadata"].get("finalizers") or [])
            return f"its finalizers are still there: {finalizers}" if finalizers else "still there"

        try:
            await self._until(live, [live], test, seconds)
        except _Elapsed as error:
            latest = await self._latest(live)
            raise NotReadyError(
                f"{_name(live)} {error.how}: {error.missing}",
                await reasons(self._api, latest),
                latest,
            ) from error

    def _test_of(self, live: Object) -> Test | None:
        kind = (live["apiVersion"], live["kind"])
        if kind == ("v1", "Service"):
            return self._service_test()
        if kind == ("v1", "PersistentVolumeClaim"):
            return self._claim_test
        if not readiness.is_awaited(live):
            return None

        # One that was there before is of an earlier roll-out, and stays until this one gets on; or
        # what it complains of has been mended since.
        before = readiness.deadline_passed(live)

        async def test(found: Object | None) -> str | None:
            if found is None:
                return "it was deleted by someone else"
            lacking = readiness.missing(found)
            if lacking and readiness.deadline_passed(found) not in ({}, before):
                raise readiness.Failed(lacking)
            return lacking

        return test

    def _service_test(self) -> Test:
        loop = asyncio.get_running_loop()
        started = loop.time()

        async def test(found: Object | None) -> str | None:
            if found is None:
                return "it was deleted by someone else"
            spec = found.get("spec") or {}
            balancer = (found.get("status") or {}).get("loadBalancer") or {}
            if spec.get("type") == "LoadBalancer" and not balancer.get("ingress"):
                return "no address for its load balancer: does this cluster give any?"
            headless = spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName"
            if headless or not spec.get("selector"):
                return None
            slices = await self._api.list(
                _endpoint_slices(found),
                labelSelector=f"kubernetes.io/service-name={found['metadata']['name']}",
            )
            if not slices:
                return "no EndpointSlice: the endpoints controller has not seen it yet"
            conditions = [
                endpoint.get("conditions") or {}
                for one in slices
                for endpoint in one.get("endpoints") or []
            ]
            starting = [
                c for c in conditions if c.get("ready") is False and not c.get("terminating")
            ]
            if starting:
                return f"{len(starting)} of {len(conditions)} endpoints are not ready"
            if not conditions and loop.time() - started < _SETTLE:
                return "no pod matches its selector yet"
            return None

        return test

    async def _claim_test(self, found: Object | None) -> str | None:
        if found is None:
            return "it was deleted by someone else"
        phase = (found.get("status") or {}).get("phase")
        if phase == "Bound":
            return None
        if phase == "Lost":
            raise readiness.Failed("the claim lost its volume")
        name = found["spec"].get("storageClassName")
        if name is None:
            return (
                f"phase {phase}: the cluster has no default StorageClass, the claim names none, and "
                "no PersistentVolume without one fits"
            )
        if not name:
            return f"phase {phase}: no PersistentVolume without a StorageClass fits it"
        target = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
        }
        try:
            storage_class = await self._api.get(target)
        except ApiError as error:
            if error.not_found:
                return (
                    f"phase {phase}: there is no StorageClass {name!r}, and no PersistentVolume of "
                    "it fits"
                )
            return f"phase {phase}; StorageClass {name!r}: {error}"
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
            return None
        return f"phase {phase}: StorageClass {name!r} has not made a volume for it"

    async def _latest(self, live: Object) -> Object:
        with suppress(ApiError, UnreachableError, KindNotFoundError):
            return await self._api.get(live)
        return live

    async def _until(
        self, target: Object, watched: list[Object], test: Test, seconds: float
    ) -> Object | None:
        """The object (None: gone) for which `test` has nothing missing; raises _Elapsed."""
        loop = asyncio.get_running_loop()
        deadline, report = loop.time() + seconds, loop.time() + _REPORT
        changed = asyncio.Event()
        tasks = [asyncio.ensure_future(self._signal(one, changed)) for one in watched]
        cancelled = asyncio.ensure_future(self._cancelled.wait())
        missing = "nothing was heard of it"
        # What happens before the watch is open is never heard of: the first looks come quickly.
        pause = _FIRST_LOOK
        try:
            while True:
                changed.clear()
                found = await self._look(target)
                if (missing := await test(found) or "") == "":
                    return found
                if self._cancelled.is_set():
                    raise _Elapsed("was interrupted while being waited for", missing)
                left = deadline - loop.time()
                if left <= 0:
                    raise _Elapsed(f"was not done within {seconds:g} s", missing)
                if loop.time() >= report:
                    said = await reasons(self._api, found) if found else []
                    await self._status("; ".join([missing, *said]))
                    report = loop.time() + _REPORT
                change = asyncio.ensure_future(changed.wait())
                await asyncio.wait(
                    [change, cancelled],
                    timeout=min(left, pause),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                change.cancel()
                pause = min(pause * 2, _LOOK)
        finally:
            for task in (*tasks, cancelled):
                task.cancel()

    async def _look(self, target: Object) -> Object | None:
        try:
            return await self._api.get(target)
        except KindNotFoundError:
            return None
        except ApiError as error:
            if error.not_found:
                return None
            raise

    async def _signal(self, target: Object, changed: asyncio.Event) -> None:
        """Sets `changed` at every event about `target`; a watch that is refused sets nothing."""
        while True:
            with suppress(ApiError, UnreachableError, KindNotFoundError):
                async for _ in self._api.watch(target, seconds=240):
                    changed.set()
            await asyncio.sleep(1)


class _Elapsed(Exception):
    def __init__(self, how: str, missing: str) -> None:
        super().__init__(how)
        self.how = how
        self.missing = missing


def _name(live: Object) -> str:
    metadata = live["metadata"]
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{live['kind']} {namespace}{metadata['name']}"


def _endpoint_slices(service: Object) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": service["metadata"]["namespace"],
            "labels": {"kubernetes.io/service-name": service["metadata"]["name"]},
        },
    }
