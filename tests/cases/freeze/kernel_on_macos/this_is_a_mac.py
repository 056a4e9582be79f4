"""Plays a Mac; a module, since what a cell sets is set in the service, too."""

import platform
import sys

sys.platform = "darwin"
platform.machine = lambda: "arm64"
