"""The stories: load, let core decide, commit in one transaction, announce. They know ports, never adapters."""
