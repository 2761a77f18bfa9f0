"""`python -m bench`. Everything else is imported late, so that a measured child process holds only what it needs."""

import sys

if __name__ == "__main__":
    from bench.cli import main

    sys.exit(main())
