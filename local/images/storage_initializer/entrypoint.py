"""The entrypoint of KServe's storage initializer: copies any number of `<uri> <directory>` pairs.
Ends with 1 if a copy fails or the arguments are no pairs."""

import sys

from kserve_storage import Storage  # type: ignore[import-not-found]
from kserve_storage.logging import configure_logging, logger  # type: ignore[import-not-found]


def main(arguments: list[str]) -> int:
    configure_logging()
    if not arguments or len(arguments) % 2:
        print("Usage: initializer-entrypoint src_uri_0 dest_path_0 ... src_uri_n dest_path_n")
        return 1
    sources, targets = arguments[::2], arguments[1::2]
    logger.info(
        "Initializing, args: (src_uri, dest_path): %s", [*zip(sources, targets, strict=True)]
    )
    try:
        Storage.download_files(sources, targets)
    except Exception as error:  # noqa: BLE001 - the clients' errors have no common type
        logger.error("Storage initialization failed: %s", error)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
