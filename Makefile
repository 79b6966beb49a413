# The verbs of this repository. `make help` lists them.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# A query of DuckDB holds one thread of this pool while it runs; the default of 4 is too few.
export UV_THREADPOOL_SIZE := 16

.DEFAULT_GOAL := help
.PHONY: help setup fmt check test test-api-contract it e2e demo up down bench bench-api bench-runner docs clean unit conformance

help: ## list what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## /  \1\t/p' Makefile | expand -t 20

setup: ## once, and after a pull: packages, Kafka, the S3 server, PostgreSQL, DuckDB's extensions, XGBoost
	@sh local/setup/prerequisites.sh
	@sh local/setup/node-modules.sh
	@./millrace setup

fmt: ## format, and repair what can be repaired
	biome check --write

check: ## types, lint, floors, unused code
	tsc --noEmit
	biome check
	@.ci/check-floors
	knip

test: ## every test
	vitest run

unit: ## tests that need no service
	vitest run --project unit

it: ## tests against real services
	vitest run --project integration

test-api-contract: ## schemathesis asks the API everything that its OpenAPI document allows, and more
	node tests/schemathesis/run.ts "$$(sh tests/schemathesis/install.sh)"

e2e: ## whole stories, from the broker to the API
	vitest run --project e2e

demo: setup ## 200,000 events through the whole chain, checked; then the API stays up
	@./millrace demo

up: ## start the local services
	@./millrace up

down: ## stop them
	@./millrace down

bench: ## the figures quoted anywhere
	node bench/main.ts

bench-runner: ## running speed beside bare DuckDB and dbt; writes docs/benchmarks.md
	node bench/runner.ts --python "$$(sh tests/conformance/install-dbt.sh)"

bench-api: ## the API beside FastAPI and bare PostgreSQL; writes docs/benchmarks.md
	node bench/api.ts
	node bench/api-export.ts
	node bench/api-overload.ts 600

conformance: ## let real dbt compile and build the fixtures anew, and compare with it
	node tests/conformance/record.ts "$$(sh tests/conformance/install-dbt.sh)"
	node tests/conformance/record-rows.ts "$$(sh tests/conformance/install-dbt.sh)"
	vitest run --project unit tests/conformance
	vitest run --project integration tests/integration/conformance

docs: ## regenerate the reference pages
	node docs/config-reference.ts
	node docs/dbt-compatibility.ts
	node docs/openapi-reference.ts

clean: ## stop the services and remove their data; downloads stay in the cache
	-@./millrace down --purge
	rm -rf dist
