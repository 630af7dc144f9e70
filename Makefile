# The two commands are `make run` and `make test`; both install what they need. The rest is for those who change the code.
PYTHON ?= python3
.PHONY: help run test test-fast check faults fuzz bench bench-messages bench-idle bench-storm bench-overdue bench-orders lock clean

help:            ## these lines
	@sed -n 's/^\([a-z-]*:\)  *## /\1\t/p' Makefile | expand -t 16

run:             ## chat server, console, demo shop, order webhooks and bot on this machine
	@$(PYTHON) -m tools.run

test:            ## all tests: core, flows, walks, nodes, faults in short, bot, browser, widget, house
	@$(PYTHON) -m tools.test all

test-fast:       ## under a minute: nothing that starts a server, a bot or a browser, or takes its time; `make check` has the house rules
	@$(PYTHON) -m tools.test fast

check:           ## ruff, mypy, tsc, house rules
	@$(PYTHON) -m tools.test check

faults:          ## every fault as often as docs/operations.md says, with the verdict of each check; takes long
	@$(PYTHON) -m tools.test faults

fuzz:            ## generated requests and frames by the tens of thousands; takes long
	@$(PYTHON) -m tools.test fuzz

bench:           ## what the README claims, measured here: all of it, in short, with the bot's score
	@$(PYTHON) -m tools.test bench

bench-messages:  ## messages per second of one core, acked and delivered; at full length, beside Node's socket.io
	@$(PYTHON) -m tools.test bench-messages

bench-idle:      ## memory and work for each socket that is open and silent
	@$(PYTHON) -m tools.test bench-idle

bench-storm:     ## how long everybody needs to come back after a restart
	@$(PYTHON) -m tools.test bench-storm

bench-overdue:   ## how many late parcels are told before the shopper asks, and how often for nothing
	@$(PYTHON) -m tools.test bench-overdue

bench-orders:    ## webhooks of a shop per second and core, beside a bare HMAC check; a storm, and what it does to the chat
	@$(PYTHON) -m tools.test bench-orders

lock:            ## pins again: requirements*.txt and widget/package-lock.json
	@$(PYTHON) -m tools.lock

clean:           ## forgets environments, programs and builds; the data in .shopbell/ stays
	rm -rf .venv .tools bot/.venv bot/models widget/node_modules widget/dist
