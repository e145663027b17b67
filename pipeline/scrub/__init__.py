"""Free text without personal data: finds it (`Scrubber`), replaces it (`redact`), and does both for a stream of lines."""

from pipeline.scrub.lists import NameLists
from pipeline.scrub.redact import redact
from pipeline.scrub.scrubber import Scrubber
from pipeline.scrub.spans import Span
from pipeline.scrub.text_stream import scrub_stream

__all__ = ["NameLists", "Scrubber", "Span", "redact", "scrub_stream"]
