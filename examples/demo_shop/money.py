"""Money is an integer of minor units (grosze) everywhere; only the edges turn it into text or, for GA4, into major units."""

CURRENCY = "PLN"


def text(minor: int, locale: str) -> str:
    """`129.00 zł` or `1 290,00 zł` with no-break spaces, as the locale writes it."""
    whole, part = divmod(abs(minor), 100)
    group, point = ("\u00a0", ",") if locale == "pl" else (",", ".")
    digits = f"{whole:,}".replace(",", group) if locale != "pl" or whole >= 10_000 else str(whole)
    return f"{'−' if minor < 0 else ''}{digits}{point}{part:02d}\u00a0zł"


def major(minor: int) -> float:
    """For GA4, which counts in złoty."""
    return round(minor / 100, 2)
