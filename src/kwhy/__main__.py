"""``python -m kwhy``."""

import sys

from kwhy.cli.main import main

sys.exit(main())
