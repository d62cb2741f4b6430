"""S3 by moto: `moto_server -H 0.0.0.0 -p 5000`."""

import sys

from moto.server import main  # type: ignore[import-not-found]

sys.exit(main())
