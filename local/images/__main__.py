"""`python -m local.images COREDNS PAUSE`: pull or build every image into the cache; given the two
static programs. Prints the archives."""

from __future__ import annotations

import sys
from pathlib import Path

from local import paths
from local.images import build
from local.progress import say


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: python -m local.images COREDNS PAUSE (paths of static programs)")
    binaries = {"coredns": Path(sys.argv[1]), "pause": Path(sys.argv[2])}
    for path in build.ensure(
        paths.cache_dir(), Path(sys.executable), binaries=binaries, progress=say
    ):
        print(path)


if __name__ == "__main__":
    main()
