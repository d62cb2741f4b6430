"""MLServer's own command."""

import sys

from mlserver.cli import main  # type: ignore[import-not-found]

sys.exit(main())
