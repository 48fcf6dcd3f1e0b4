"""One page from a finished result: read, draw and lay out; nothing is computed here."""

from grounding.report.page import write_report

__all__ = ["write_report"]
