"""Creating, updating and deleting objects, and waiting for what comes of it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterable
from typing import Any, Final

from local.plugins.kubernetes.annotations import PATCH_FORCE, SKIP_AWAIT, is_true
from local.plugins.kubernetes.annotations import deletion_propagation as propagation
from local.plugins.kubernetes.api import WARNINGS, Api
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError
from local.plugins.kubernetes.kinds import is_custom_resource_definition
from local.plugins.kubernetes.managers import (
    CREATOR,
    has_creator,
    is_taken_over,
    leave_ignored,
    take_over,
)
from local.plugins.kubernetes.waiting import Status, Waiter

Object = dict[str, Any]
#: A namespace or a kind that is being made by someone else may be a moment late: so often, and
#: after so many seconds, a creation is tried again (the official plugin's schedule).
_RETRIES: Final = (1, 2, 4, 8)


class Writer:
    """Changes to one cluster; `status` shows what is being waited for."""

    def __init__(self, api: Api, cancelled: asyncio.Event, status: Status, warn: Status) -> None:
        self._api = api
        self._waiter = Waiter(api, cancelled, status)
        self._status = status
        self._warn = warn

    async def preview_create(self, body: Object, *, upsert: bool, manager: str) -> Object | None:
        """What the API server would make of `body`; None when it cannot say yet."""
        try:
            if upsert:
                return await self._api.apply(body, manager=manager, force=True, dry_run=True)
            return await self._api.create(body, manager=CREATOR, dry_run=True)
        except KindNotFoundError:
            return None
        except ApiError as error:
            if error.namespace_not_found or error.already_exists or error.code == 403:
                return None
            if upsert and error.immutable_fields:
                return None
            raise

    async def create(self, body: Object, *, upsert: bool, manager: str, force: bool) -> Object:
        """Makes the object; raises ApiError when it is already there, unless `upsert`."""
        for delay in (*_RETRIES, None):
            try:
                if upsert:
                    created = await self._api.apply(body, manager=manager, force=force)
                else:
                    created = await self._api.create(body, manager=CREATOR)
                break
            except (ApiError, KindNotFoundError) as error:
                if delay is None or (isinstance(error, ApiError) and not error.not_found):
                    raise
                await self._status(f"trying again in {delay} s: {error}")
                await asyncio.sleep(delay)
        return await self._with_warnings(created)

    async def update(
        self,
        body: Object,
        *,
        manager: str,
        force: bool,
        ignored: Iterable[str] = (),
        dry_run: bool = False,
    ) -> Object:
        """Brings the object to `body` by server-side apply (a CRD by a replacement)."""
        live = await self._api.get(body)
        body = copy.deepcopy(body)
        if is_custom_resource_definition(body):
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
            return await self._with_warnings(
                await self._api.replace(body, manager=manager, dry_run=dry_run)
            )
        if dry_run:
            force = force or has_creator(live)
        elif is_taken_over(live):
            live = await self._api.json_patch(body, take_over(live, manager))
        leave_ignored(body, live, manager, ignored)
        force = force or not live["metadata"].get("managedFields")
        try:
            updated = await self._api.apply(body, manager=manager, force=force, dry_run=dry_run)
        except ApiError as error:
            if not error.conflict:
                raise
            raise ApiError(
                error.code,
                {
                    "reason": error.reason,
                    "message": f"{error}\nSomeone else sets these fields. To take them, annotate "
                    f'the resource with `{PATCH_FORCE}: "true"`; to leave them, take them out of '
                    "the program or name them in ignoreChanges",
                },
            ) from error
        return await self._with_warnings(updated)

    async def immutable_fields(self, body: Object, *, manager: str) -> list[str]:
        """The fields of `body` that the API server refuses to change in place, by a dry run."""
        try:
            await self.update(body, manager=manager, force=True, dry_run=True)
        except ApiError as error:
            return error.immutable_fields
        except KindNotFoundError:
            pass
        return []

    async def wait(self, live: Object, body: Object, seconds: float) -> Object:
        """The object once it is ready, unless an annotation says not to wait."""
        if is_true(body, SKIP_AWAIT):
            return live
        return await self._waiter.ready(live, seconds)

    async def missing_now(self, live: Object, body: Object) -> list[str]:
        """What `live` lacks to be ready at this moment."""
        return [] if is_true(body, SKIP_AWAIT) else await self._waiter.missing_now(live)

    async def delete(self, live: Object, body: Object, seconds: float) -> None:
        """Deletes the object and returns when it is gone; one that is not there is gone."""
        try:
            await self._api.delete(live, propagation=propagation(body))
        except KindNotFoundError:
            return
        except ApiError as error:
            if error.not_found:
                return
            raise
        if not is_true(body, SKIP_AWAIT):
            await self._waiter.gone(live, seconds)

    async def _with_warnings(self, answer: Object) -> Object:
        for warning in answer.pop(WARNINGS, []):
            await self._warn(warning)
        return answer
