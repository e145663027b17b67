"""The retention schedule's days as iCalendar (RFC 5545), for the calendars that people look at: dates and kinds, nothing of content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from icalendar import Alarm, Calendar, Event

from retention.holdings import By, Holding

_REMINDERS = (30, 7, 0)  # days before


def as_calendar(holdings: Iterable[Holding]) -> bytes:
    """A calendar with one whole-day event for each holding that is not destroyed, with reminders that come closer together.

    The same holding keeps its UID, so that a calendar that subscribes moves an event instead of doubling it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//bigask//retention//EN")
    calendar.add("version", "2.0")
    calendar.add("name", "Retention")
    for one in holdings:
        if one.destroyed_on is None:
            calendar.add_component(_event(one))
    return bytes(calendar.to_ical())


def _event(one: Holding) -> Event:
    event = Event()
    event.add("uid", hashlib.sha256(f"{one.wave} {one.kind}".encode()).hexdigest()[:32] + "@bigask")
    event.add("dtstamp", datetime.combine(one.made_on, time(), UTC))  # a stamp is asked for; the day it was made tells no moment
    event.add("dtstart", one.due_on)
    event.add("dtend", one.due_on + timedelta(days=1))
    verb = "Look at" if one.by is By.HAND else "Destroy or decide"
    event.add("summary", f"{verb}: {one.kind.replace('_', ' ')} of {one.wave}")
    event.add("description", f"{one.what}. Owner: {one.owner}. Unless somebody signs for a new day, it is destroyed.")
    event.add("transp", "TRANSPARENT")
    for days in _REMINDERS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"Retention: {one.kind.replace('_', ' ')}")
        alarm.add("trigger", timedelta(days=-days))
        event.add_component(alarm)
    return event
