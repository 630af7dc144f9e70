# The two commands are `make run` and `make test`; both install what they need. The rest is for those who change the code.
PYTHON ?= python3
.PHONY: run test test-fast check bench bench-messages bench-idle bench-storm lock clean

run:        ## chat server, console, demo shop, order webhooks and bot on this machine
	@$(PYTHON) -m tools.run

test:       ## all tests: core, flows, walks, bot, browser, widget, house
	@$(PYTHON) -m tools.test all

test-fast:  ## under a minute: nothing that starts a server, a bot or a browser
	@$(PYTHON) -m tools.test fast

check:      ## ruff, mypy, tsc, house rules
	@$(PYTHON) -m tools.test check

bench:      ## what the README claims, measured here; all of it, in short
	@$(PYTHON) -m tools.test bench

bench-messages bench-idle bench-storm: ## one of them at full length, beside Node's socket.io
	@$(PYTHON) -m tools.test $@

lock:       ## pins again: requirements*.txt and widget/package-lock.json
	@$(PYTHON) -m tools.lock

clean:      ## forgets environments, programs and builds; the data in .shopbell/ stays
	rm -rf .venv .tools bot/.venv bot/models widget/node_modules widget/dist
