"""Measurements that a person starts by hand: `make bench`. Bounded in time, on this machine only, never part of the tests."""
