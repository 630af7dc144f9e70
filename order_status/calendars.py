"""Where an inbox delivers: its country, its working days and its zone, checked at the start; and the calendar that follows from them.

The one place that knows the package of public holidays. Decides nothing about orders. Walk b.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import holidays

from order_status.workdays import MONDAY_TO_FRIDAY, Workdays


@dataclass(frozen=True, slots=True)
class DeliveryConfig:
    """`country`: two letters, perhaps with a region (`DE-BY`); empty: no public holidays. `working_days`: 0 is Monday.

    `watch`: whether orders of this inbox are watched at all.
    """

    inbox_id: str
    timezone: str = "UTC"
    country: str = ""
    working_days: frozenset[int] = MONDAY_TO_FRIDAY
    watch: bool = True


def workdays(config: DeliveryConfig) -> Workdays:
    """Raises ValueError, naming the inbox, for a zone, country or days that cannot work."""
    try:
        zone = ZoneInfo(config.timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"inbox {config.inbox_id}: unknown time zone {config.timezone!r}") from None
    if not config.working_days or not config.working_days <= frozenset(range(7)):
        raise ValueError(f"inbox {config.inbox_id}: delivery needs at least one working day")
    if not config.country:
        return Workdays(zone, config.working_days)
    country, _, region = config.country.partition("-")
    try:
        calendar = holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise ValueError(f"inbox {config.inbox_id}: no public holidays are known for {config.country!r}") from None
    return Workdays(zone, config.working_days, calendar.__contains__)
