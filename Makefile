# Every target goes through tools/run, which sets up what is missing first. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench shell ledger i18n clean
ARGS ?=

help: ## list the targets
	@echo "make TARGET, where TARGET is:"
	@sed -n 's/^\([a-z0-9]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-10s%s\n", $$1, $$2}'

demo: ## set up everything and serve Odoo with demo data at http://127.0.0.1:8069 (PORT=…; FRESH=1 makes its database anew)
	@tools/run demo $(if $(PORT),--port "$(PORT)") $(if $(FRESH),--fresh)

test: ## set up everything and run the whole suite on all cores, browser tours included (ARGS="-k aging" goes to pytest)
	@tools/run test -- $(ARGS)

lint: ## check style, OCA's rules, XML and manifests (ARGS=--fix mends what ruff can mend)
	@tools/run lint $(ARGS)

bench: ## measure speed on a generated ledger (ARGS goes to tools/bench)
	@tools/run bench -- $(ARGS)

shell: ## Python shell with `env` on the demo database
	@tools/run shell

ledger: ## load a receivables ledger into the demo database: make ledger CSV=path
	@tools/run ledger $(if $(CSV),--csv "$(CSV)") -- $(ARGS)

i18n: ## write the template of terms anew and merge it into the translations
	@tools/run i18n

clean: ## stop and remove what the set-up made in this clone (ALL=1: its cache of downloads too)
	@tools/run clean $(if $(ALL),--all)
