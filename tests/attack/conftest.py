"""The child door, its wave, its client and its browser: attacked as the functional tests use them."""

from tests.functional.conftest import chromium, client, door, survey, wave

__all__ = ["chromium", "client", "door", "survey", "wave"]
