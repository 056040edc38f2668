"""`python -m hookrules.engine.cli` is `hookrules`."""

import sys

from hookrules.engine.cli import main

sys.exit(main())
