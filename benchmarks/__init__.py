"""What the README claims, measured by hand: `make bench`. Bounded in time, on this machine only, never part of the tests."""
