"""The inbox that speaks first: the test inbox with three rules, an offer, and budgets that a test can use up."""

from __future__ import annotations

from tests.processes import TEST_INBOX

SPEAKING = (
    TEST_INBOX.replace("promo_gap_hours = 24", "promo_gap_hours = 0\nspacing_seconds = 0").replace(
        "unasked_per_day = 3", "unasked_per_day = 4"
    )
    + """
[[inbox.order_messages]]
on = "delayed"
class = "order_problem"
offer = "voucher"

[[inbox.offers]]
id = "voucher"
kind = "voucher"
expires_hours = 72
undo_minutes = 30
worth = 1000
title.en = "10 zł off"
text.en = "For the wait."
accept.en = "Take it"
params = { worth = 1000 }

[[inbox.offers]]
id = "point"
kind = "pickup_point"
title.en = "Pick it up"
title.pl = "Odbierz"
accept.en = "Send it there"
choices = [{ id = "n", title.en = "North" }, { id = "s", title.en = "South", title.pl = "Południe", text.en = "day and night" }]

[[inbox.offers]]
id = "cancel"
kind = "cancel"
title.en = "Cancel it"
accept.en = "Cancel"

[[inbox.triggers]]
id = "stuck-checkout"
class = "help"
on = ["dwell"]
text.en = "Can we help with the checkout?"
text.pl = "Pomóc przy zamówieniu?"
when = { dwell = { path = "/*/checkout*", at_least = 60 } }

[[inbox.triggers]]
id = "viewed-three-times"
class = "promo"
on = ["view_item"]
cap = { times = 50, days = 1 }
text.en = "A question about this one?"
when = { count = { kind = "view_item", times = 3, seconds = 3600, same = "items.id" } }

[[inbox.triggers]]
id = "size-guide"
class = "help"
on = ["track"]
text.en = "Between two sizes?"
when = { track = { name = "size_guide_opened", times = 2, seconds = 600 } }
"""
)
