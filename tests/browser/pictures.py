"""Pictures of what a browser test saw, for people to look at: written only where the environment names a folder, `BROWSER_PICTURES`."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page


async def keep(page: Page, name: str) -> None:
    """The page as it stands, as `name`.png in that folder."""
    folder = os.environ.get("BROWSER_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
