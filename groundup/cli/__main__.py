"""``python -m groundup.cli`` is the command ``groundup``."""

import sys

from groundup.cli import main

sys.exit(main())
