"""The two commands of the README and what they need: `python3 -m tools.run`, `python3 -m tools.test`.

Runs on the Python of a fresh machine (3.9 or newer), before any environment exists: standard library only.
Never imports the product; starts it as processes, as a person would.
"""
