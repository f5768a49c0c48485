# Axons. `make run` starts everything on this machine; `make test` proves that it works.
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: install-run ## install what is missing and start Axons on http://127.0.0.1:8000 (PORT=8001 for another port)
	@exec $(BIN)/axons hub $(if $(PORT),--port $(PORT))

test: install-test lint types ## lint, types, Python, TypeScript and integration tests; says what it skipped and why
	@npm test --prefix labextension --silent
	@$(BIN)/python -m pytest

lint: install-test ## ruff, eslint, prettier
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@npm run lint --prefix labextension --silent

types: install-test ## mypy
	@$(BIN)/mypy

bench: install-bench ## measure speed beside named peers and print the ratios
	@for benchmark in tests/benchmarks/bench_*.py; do $(BIN)/python $$benchmark || exit 1; done

wheel: install-run ## build dist/axons-*.whl, with the JupyterLab extension inside
	@$(BIN)/pip install -q -c images/constraints.txt build
	@rm -rf build
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	@rm -rf build *.egg-info

pictures: install-test ## make the pictures of README.md again
	@$(BIN)/python .ci/pictures.py

lock: install-test ## write the versions that are installed now to images/constraints.txt
	@.ci/lock

clean: ## remove what was installed and built; users' work in .axons stays
	rm -rf .venv build dist *.egg-info labextension/node_modules labextension/dist labextension/lib

install-run:
	@.ci/install run

install-test:
	@.ci/install test

install-bench:
	@.ci/install bench

.PHONY: help run test lint types bench wheel pictures lock clean install-run install-test install-bench
