"""Examples for developers of shops. Nothing in the servers imports from here."""
