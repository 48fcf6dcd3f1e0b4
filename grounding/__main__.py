"""`python -m grounding` is the command `grounding`."""

from __future__ import annotations

from grounding.commands.main import main

if __name__ == "__main__":
    main()
