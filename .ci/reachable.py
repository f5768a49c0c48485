"""Exit status 0 when an address answers within five seconds."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=5):
        sys.exit(0)
except (urllib.error.URLError, TimeoutError, ConnectionError):
    sys.exit(1)
