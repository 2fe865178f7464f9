# Two commands matter: `make run` and `make test`. Everything else is for people who change the code.
PORT ?=
py := .venv/bin/python
uv_compile := VIRTUAL_ENV=.venv .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate

# Some machines forbid bytecode; then every process of a test compiles Django anew (3.5 s of processor time, not 1.5).
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check architecture messages requirements bench screenshots clean

run:  ## Start everything on this machine: make run, make run PORT=8701
	@bin/sync
	@exec $(py) manage.py up $(if $(PORT),--port $(PORT))

test:  ## The whole suite, browser journeys included
	@bin/sync --test
	@bin/ensure-browser
	@$(py) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

check:  ## What a reviewer would otherwise have to say
	@bin/sync --test
	@$(py) -m ruff check .
	@$(py) -m ruff format --check .
	@$(py) -m mypy
	@.venv/bin/djlint --quiet --lint templates
	@bin/architecture --check
	@bin/messages --check
	@$(py) -m pytest -q tests/test_architecture.py
	@SWITCHBOARD_HOME=$$(mktemp -d) $(py) -W ignore::RuntimeWarning manage.py check --fail-level WARNING
	@SWITCHBOARD_HOME=$$(mktemp -d) $(py) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

architecture:  ## Write the list of modules in ARCHITECTURE.md anew
	@bin/architecture

messages:  ## Collect the texts of the sources into locale/, and compile what is translated
	@bin/sync --test
	@bin/messages

requirements:  ## Compile requirements/*.in; UPGRADE=1 takes the newest versions
	$(uv_compile) $(if $(UPGRADE),--upgrade) requirements/run.in -o requirements/run.txt
	$(uv_compile) $(if $(UPGRADE),--upgrade) requirements/test.in -o requirements/test.txt
	$(uv_compile) $(if $(UPGRADE),--upgrade) requirements/uv.in -o requirements/uv.txt
	$(uv_compile) $(if $(UPGRADE),--upgrade) requirements/node.in -o requirements/node.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

bench:  ## The short form of every benchmark: one table
	@bin/sync --test
	@$(py) -m benchmarks

screenshots:  ## Take the pictures of docs/screenshots anew
	@bin/sync --test
	@bin/ensure-browser
	@$(py) -m benchmarks.screenshots

clean:  ## Forget what can be made again; data in var/ stays
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
