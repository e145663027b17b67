"""What disclosure control raises when it refuses."""


class DisclosureError(Exception):
    """Something that must not be published, or cannot be judged. The message says what to do, and holds no small count."""
