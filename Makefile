# The commands for developers and operators. `make` lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
-include .env
export

# make would expand a `$` in these values, even run `$(shell …)`: they are text.
$(foreach name,BECAUSE BY SQL SOURCE LANDING MONTH RUN VERSION FORMAT VIEW TO FROM,\
  $(if $(filter undefined,$(origin $(name))),,$(eval override $(name) := $$(value $(name)))))

PYTHON := .venv/bin/python
BENCH := benchmarks/.venv
LOCKED := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet
SOURCES := jobs expectations dags plugins dashboard benchmarks notebooks docs/generate tests

.PHONY: help
help: ## Show this help
	@echo "Usage: make <target> [NAME=value …]"; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 18
	@echo; echo "Variables of run and up:"
	@grep -hE '^## ' $(MAKEFILE_LIST) | sed 's/^## /  /'

## SOURCE=…        layout of the data: a module of jobs/sources (default: a simulated shop)
## LANDING=…       the file or folder the shop delivers to
## MONTH=YYYY-MM   the data month to run (default: the last month delivered in full)
## SCHEDULE=on     let the schedule start runs, too (default: off)
## AIRFLOW_PORT=…  MLFLOW_PORT=…  POSTGRES_PORT=…   ports to listen on (default: 8080, 5000 and 5432, or any free ports)
## CLV_HOME=…      the folder for all state (default: var/)

.PHONY: run
run: venv ## Run a month end to end and print the result; starts the stack if necessary
	@$(PYTHON) -m jobs.local_stack.demo $${SOURCE:+--source "$$SOURCE"} $${LANDING:+--landing "$$LANDING"} $${MONTH:+--month "$$MONTH"}

.PHONY: up
up: venv ## Start Postgres, MLflow and Airflow, and leave them running
	@$(PYTHON) -m jobs.local_stack.stack up $${SOURCE:+--source "$$SOURCE"} $${LANDING:+--landing "$$LANDING"}

.PHONY: down
down: ## Stop all servers; data and history are kept
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m jobs.local_stack.stack down

.PHONY: clean
clean: ## Stop all servers and delete all state: lakes, forecasts, models, history
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m jobs.local_stack.stack clean

.PHONY: psql
psql: venv ## Query the forecasts as clv_reader: SQL="select …"; without SQL, open a prompt
	@$(PYTHON) -m jobs.local_stack.psql $${SQL:+"$$SQL"}

.PHONY: export
export: venv ## Write a month of a view to a file: MONTH=2011-11 FORMAT=csv|xlsx|parquet [VIEW=forecast]; see docs/bi.md
	@$(PYTHON) -m jobs.local_stack.export --month "$$MONTH" --format "$$FORMAT" $${VIEW:+--view "$$VIEW"}

.PHONY: dashboard
dashboard: venv dashboard/.venv/requirements.lock ## Show the forecasts in Apache Superset until Ctrl-C: [DASHBOARD_PORT=8088]; see docs/bi.md
	@$(PYTHON) -m jobs.local_stack.dashboard

dashboard/.venv/requirements.lock: dashboard/requirements.lock
	@echo "Creating dashboard/.venv with Superset; this takes a minute or two the first time"
	@.venv/bin/uv venv --quiet --clear --no-python-downloads --python 3.11 dashboard/.venv
	@.venv/bin/uv pip install --quiet --python dashboard/.venv/bin/python --no-deps --require-hashes -r dashboard/requirements.lock
	@cp dashboard/requirements.lock dashboard/.venv/requirements.lock

.PHONY: serve
serve: venv ## Serve the forecasts over HTTP until Ctrl-C: [API_PORT=8000]; see docs/api.md
	@$(PYTHON) -m jobs.local_stack.service jobs.serve

.PHONY: api-key
api-key: venv ## Make a key of the service and print it once: NAME=crm-export [SCOPES=read,operate]
	@$(PYTHON) -m jobs.local_stack.service jobs.api_key create --name="$$NAME" --scopes="$${SCOPES:-read}" --by="$${BY:-$$(id -un)}"

.PHONY: api-keys
api-keys: venv ## List every key of the service
	@$(PYTHON) -m jobs.local_stack.service jobs.api_key list

.PHONY: revoke-api-key
revoke-api-key: venv ## Refuse a key of the service from now on: KEY_ID=… as api-keys shows it
	@$(PYTHON) -m jobs.local_stack.service jobs.api_key revoke --key-id="$$KEY_ID"

.PHONY: champion
champion: venv ## Make a model version the champion by hand: VERSION=3 BECAUSE="why"
	@$(PYTHON) -m jobs.local_stack.job jobs.choose_champion --model-version "$$VERSION" --by="$${BY:-$$(id -un)}" --because="$$BECAUSE"

.PHONY: tune
tune: venv ## Search for better model settings on all data up to a month, for later trainings: MONTH=2011-11 [TRIALS=30] [MINUTES=20]
	@$(PYTHON) -m jobs.local_stack.job jobs.tune --month "$$MONTH" $${TRIALS:+--trials "$$TRIALS"} $${MINUTES:+--minutes "$$MINUTES"}

.PHONY: withdraw
withdraw: venv ## Show readers no forecast of a month until it is published again: MONTH=2011-11 [RUN=17] [VALUE_BASIS=margin] BECAUSE="why"
	@$(PYTHON) -m jobs.local_stack.job jobs.withdraw --month "$$MONTH" $${RUN:+--run-id "$$RUN"} $${VALUE_BASIS:+--value-basis "$$VALUE_BASIS"} --by="$${BY:-$$(id -un)}" --because="$$BECAUSE"

.PHONY: rollback
rollback: venv ## Publish an earlier run of a month again: MONTH=2011-11 [RUN=17] [VALUE_BASIS=margin] BECAUSE="why"
	@$(PYTHON) -m jobs.local_stack.job jobs.rollback --month "$$MONTH" $${RUN:+--run-id "$$RUN"} $${VALUE_BASIS:+--value-basis "$$VALUE_BASIS"} --by="$${BY:-$$(id -un)}" --because="$$BECAUSE"

.PHONY: reproduce
reproduce: venv ## Make the forecast of a run again from the lake as it was, and compare: RUN=17
	@$(PYTHON) -m jobs.local_stack.job jobs.reproduce --run-id "$$RUN"

.PHONY: convert-lake
convert-lake: venv ## Convert a lake that an earlier release wrote into Delta tables, in place
	@$(PYTHON) -m jobs.local_stack.job jobs.convert_lake

.PHONY: backup
backup: venv ## Back up the shop used last while it runs: TO=/backups/2011-12-08, a folder that does not exist yet
	@$(PYTHON) -m jobs.local_stack.backups back_up "$$TO"

.PHONY: restore
restore: venv ## Restore a backup of a shop that is not there any more: FROM=/backups/2011-12-08; then make up
	@$(PYTHON) -m jobs.local_stack.backups restore "$$FROM"

.PHONY: forget
forget: venv ## Erase a customer, or those in a file: CUSTOMER=12347 (or CUSTOMERS=file) BECAUSE="request 17"; see docs/erasure.md
	@$(PYTHON) -m jobs.local_stack.job jobs.forget $${CUSTOMER:+--customer="$$CUSTOMER"} $${CUSTOMERS:+--customers-from="$$CUSTOMERS"} --by="$${BY:-$$(id -un)}" --because="$$BECAUSE"

.PHONY: compose-up
compose-up: ## Build and start the services of docker-compose.yml, with secrets made at the first start; see docs/deployment.md
	@python3 -m jobs.local_stack.compose

.PHONY: test
test: venv ## Run the test suite, except the test-… targets below
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m "not slow and not browser and not long and not faults and not compose" --ignore tests/benchmarks

.PHONY: test-benchmarks
test-benchmarks: venv ## Test the benchmarks (about 4 minutes)
	@$(PYTHON) -m pytest -n 2 --dist loadfile tests/benchmarks

.PHONY: test-months
test-months: venv ## Run whole months and a backfill on a separate stack, and the notebook (about 13 minutes)
	@$(PYTHON) -m pytest -n 2 --dist loadfile -m slow

.PHONY: test-browser
test-browser: venv ## Test an operator's procedures in a browser (needs Chromium; about 15 minutes)
	@$(PYTHON) -m pytest -m browser

.PHONY: pictures
pictures: venv ## Run test-browser and update the runbook's screenshots
	@CLV_PICTURES=docs/images $(PYTHON) -m pytest -m browser

.PHONY: test-long
test-long: venv ## Run months in random orders, a forced month, and clv_deliveries on a separate stack (about 30 minutes)
	@$(PYTHON) -m pytest -m long

.PHONY: compose-test
compose-test: venv ## Build, start, use, break, restore and upgrade docker-compose.yml (needs a Docker engine; about an hour)
	@$(PYTHON) -m pytest -m compose

.PHONY: test-faults
test-faults: venv ## Kill tasks and servers at every point of a month, and rerun it (about 40 minutes)
	@$(PYTHON) -m pytest -n 2 --dist load -m faults

.PHONY: test-faults-sample
test-faults-sample: venv ## Kill a task or a server in each stage of a month: fourteen cases (about 10 minutes)
	@$(PYTHON) -m pytest -m faults_sample

.PHONY: bench-setup
bench-setup: venv ## Create benchmarks/.venv for the BTYD peers of bench-accuracy (Python 3.11)
	@.venv/bin/uv venv --quiet --clear --no-python-downloads --python 3.11 $(BENCH)
	@.venv/bin/uv pip install --quiet --python $(BENCH)/bin/python --no-deps --require-hashes -r benchmarks/requirements.lock

.PHONY: bench-accuracy
bench-accuracy: venv ## Compare the forecasts with peers on real and simulated data
	@$(PYTHON) -m benchmarks.suite

.PHONY: bench-service
bench-service: venv ## Measure the service under load, and its memory over ten minutes (about 15 minutes)
	@$(PYTHON) -m benchmarks.service_load

.PHONY: bench-scale
bench-scale: venv ## Measure training and scoring at a million simulated customers (about 10 minutes)
	@$(PYTHON) -m benchmarks.scale

.PHONY: bench-speed
bench-speed: venv ## Time a month beside one process that does it without checks (hours): [CUSTOMERS="5000 200000"] [FOLDER=path]
	@$(PYTHON) -m benchmarks.speed $${CUSTOMERS:+--customers $$CUSTOMERS} $${FOLDER:+--folder "$$FOLDER"}

.PHONY: bench-views
bench-views: venv ## Time the queries of analysts at a million customers (about 10 minutes)
	@$(PYTHON) -m benchmarks.views

.PHONY: notebook
notebook: venv ## Rerun the notebook on Online Retail II in place
	@$(PYTHON) -m notebooks.execute notebooks/01_clv_analysis.ipynb

.PHONY: lint
lint: venv ## Check style, types and SQL
	@.venv/bin/ruff check $(SOURCES)
	@.venv/bin/ruff format --check $(SOURCES)
	@.venv/bin/mypy
	@.venv/bin/sqlfluff lint --processes 0 sql

.PHONY: docs
docs: venv ## Regenerate the generated pages and sql/schema.sql
	@for page in data_dictionary quality_rules bad_input benchmarks model_card schema dbt_sources openapi; do \
	  $(PYTHON) -m docs.generate.$$page --write || exit 1; done

.PHONY: lock
lock: venv ## Update the lock files: requirements.lock (runtime), requirements-dev.lock (with the tools), those of benchmarks and dashboard
	@.venv/bin/uv pip compile pyproject.toml --group dev $(LOCKED) --output-file requirements-dev.lock
	@.venv/bin/uv pip compile pyproject.toml --constraints requirements-dev.lock $(LOCKED) --output-file requirements.lock
	@.venv/bin/uv pip compile benchmarks/requirements.in $(LOCKED) --output-file benchmarks/requirements.lock
	@.venv/bin/uv pip compile dashboard/requirements.in $(LOCKED) --output-file dashboard/requirements.lock

.PHONY: audit
audit: venv ## Look up known vulnerabilities of all locked libraries (queries pypi.org)
	@$(PYTHON) -c 'import urllib.request as r; r.urlopen("https://pypi.org/pypi/pip/json", timeout=15)' 2>/dev/null \
	  || { echo "Cannot reach pypi.org, which lists the vulnerabilities: NOTHING WAS CHECKED"; exit 2; }
	@found=0; for lock in requirements-dev.lock benchmarks/requirements.lock dashboard/requirements.lock; do echo "$$lock"; \
	  $(PYTHON) -m pip_audit --progress-spinner off --disable-pip --require-hashes -r $$lock || found=1; \
	done; exit $$found

.PHONY: sbom
sbom: venv ## Write sbom.json, a CycloneDX list of the Python packages that production installs on this platform
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT \
	  && .venv/bin/uv venv --quiet --python $(PYTHON) "$$folder" \
	  && .venv/bin/uv pip sync --quiet --python "$$folder/bin/python" --require-hashes requirements.lock \
	  && .venv/bin/cyclonedx-py environment "$$folder/bin/python" --output-file sbom.json

.PHONY: venv
venv: .venv/requirements-dev.lock ## Create or update .venv from requirements-dev.lock

.venv/requirements-dev.lock: requirements-dev.lock
	@python=$$(for name in python3.11 python3.12 python3.13 python3; do \
	    $$name -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	      && { echo $$name; break; }; done); \
	  if [ -z "$$python" ]; then \
	    echo "Python 3.11, 3.12 or 3.13 with its venv module is required, for example: sudo apt-get install python3 python3-venv"; exit 1; fi; \
	  echo "Creating .venv with $$($$python --version); this takes a few minutes the first time"; \
	  [ -x $(PYTHON) ] || $$python -m venv .venv
	@$(PYTHON) -m pip install --quiet "$$(grep -oE '^uv==[0-9.]+' requirements-dev.lock)"
	@.venv/bin/uv pip sync --quiet --python $(PYTHON) --require-hashes requirements-dev.lock
	@cp requirements-dev.lock .venv/requirements-dev.lock
