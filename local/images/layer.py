"""Layers of an image: tar files that are equal for equal content."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """A tar file on disk and its SHA-256 (hexadecimal). It is not compressed, since it is unpacked
    only on this machine."""

    path: Path
    digest: str

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def from_directory(root: Path, target: Path) -> Layer:
    """Write everything in `root` to the tar file `target`, owned by root and without times."""
    with _Writer(target) as tar:
        for path in sorted(root.rglob("*")):
            info = tar.gettarinfo(path, path.relative_to(root).as_posix())
            if info.isfile():
                with path.open("rb") as content:
                    tar.addfile(_plain(info), content)
            else:
                tar.addfile(_plain(info))
    return Layer(target, digest(target))


def from_files(
    files: Mapping[str, Path | bytes], target: Path, directories: Mapping[str, int] | None = None
) -> Layer:
    """Write a layer to the tar file `target`. `files`: absolute path in the image → its content;
    readable by everybody, and executable if the file on disk is. `directories`: path of an empty
    directory → its mode."""
    added: set[str] = set()
    with _Writer(target) as tar:
        for name, mode in sorted((directories or {}).items()):
            _add_directory(tar, name.strip("/"), added, mode)
        for name, content in sorted(files.items()):
            inside = name.lstrip("/")
            _add_directory(tar, inside.rpartition("/")[0], added)
            info = tarfile.TarInfo(inside)
            if isinstance(content, bytes):
                info.size, info.mode = len(content), 0o755 if content[:2] == b"#!" else 0o644
                tar.addfile(_plain(info), io.BytesIO(content))
            else:
                info.size = content.stat().st_size
                info.mode = 0o755 if os.access(content, os.X_OK) else 0o644
                with content.open("rb") as stream:
                    tar.addfile(_plain(info), stream)
    return Layer(target, digest(target))


class _Writer:
    """Writes a tar file that appears under its name only when it is complete."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        target.parent.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> tarfile.TarFile:
        self._tar = tarfile.open(self._partial, "w", format=tarfile.PAX_FORMAT)
        return self._tar

    def __exit__(self, kind: object, *_: object) -> None:
        self._tar.close()
        if kind is None:
            self._partial.replace(self._target)
        else:
            self._partial.unlink()


def _add_directory(tar: tarfile.TarFile, name: str, added: set[str], mode: int = 0o755) -> None:
    if not name or name in added:
        return
    _add_directory(tar, name.rpartition("/")[0], added)
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    tar.addfile(_plain(info))
    added.add(name)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
