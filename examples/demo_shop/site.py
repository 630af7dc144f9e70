"""What every handler of the shop needs, put together once in app.py and found in the app under SITE."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import jinja2
from aiohttp import web

from .catalogue import Catalogue
from .goods import Goods
from .offers import Offers
from .outbox import Outbox
from .settings import Settings
from .store import Store
from .texts import Texts


@dataclass(frozen=True, slots=True)
class Site:
    settings: Settings
    store: Store
    outbox: Outbox
    offers: Offers
    catalogue: Catalogue
    goods: Goods
    texts: Texts
    templates: jinja2.Environment
    clock: Callable[[], datetime]
    slow_s: float  # how long the action endpoint sleeps when switched to slow


SITE = web.AppKey("site", Site)
