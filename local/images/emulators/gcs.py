"""GCS: `gcp-storage-emulator start --host=0.0.0.0 --port=9023 --in-memory`."""

import sys

from gcp_storage_emulator.__main__ import main  # type: ignore[import-not-found]

sys.exit(main())
