"""Pure decisions: frozen data in, a plan with its reason out. No I/O, no clock, no randomness; every walk passes here."""
