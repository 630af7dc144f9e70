"""The doors: the only rooms that read raw input. They parse, authenticate, call one flow and always answer."""
