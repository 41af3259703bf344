# The commands of AccessPortal; CONTRIBUTING.md says more. Needs only Python 3.11 or newer, and make itself.
.PHONY: help run test security fuzz parts lint format lock bench

PYTHON_IN_VENV = .venv/bin/python
PARTS = var/parts.json
# Settings as in production, for `check --deploy`; the key is made anew each time.
LIKE_PRODUCTION = SECRET_KEY=$$($(PYTHON_IN_VENV) -c 'import secrets; print(secrets.token_urlsafe(48))') \
	SITE_URL=https://access.example.com DATABASE_URL=postgresql://app@db.example.com/accessportal?sslmode=verify-full \
	REDIS_URL=rediss://redis.example.com:6379/0 TRUSTED_PROXY_COUNT=1 EMAIL_URL=smtp+tls://mail.example.com:587

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' $(MAKEFILE_LIST)

run: ## the whole portal on this machine, at http://localhost:$PORT (8000); Ctrl-C ends it
	@requirements/install run
	@exec $(PYTHON_IN_VENV) manage.py run_embedded

test: ## all tests, on embedded servers unless DATABASE_URL and REDIS_URL are given; ARGS go to pytest
	@requirements/install dev
	@exec $(PYTHON_IN_VENV) -m pytest -n auto --maxprocesses 8 --dist worksteal $(if $(ARGS),$(ARGS),--requirements)

security: ## what became of each security requirement, by its tests and by judges from outside; STRICT=1 asks for all
	@requirements/install security
	@exec $(PYTHON_IN_VENV) -m pytest -n auto --maxprocesses 8 --dist worksteal -m requirement --requirements $(ARGS)

fuzz: ## bad requests to every route, for as long as wanted: SEED, FROM and TRIES say which
	@requirements/install dev
	@exec $(PYTHON_IN_VENV) -m pytest tests/fuzz.py -q $(ARGS)

parts: ## the list of parts of a release (CycloneDX), as var/parts.json
	@requirements/install security
	@mkdir -p $(dir $(PARTS))
	$(PYTHON_IN_VENV) -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --of JSON \
		-o $(PARTS) requirements/runtime.txt

lint: ## everything that can be said about the code without running it
	@requirements/install dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/lint-imports
	$(LIKE_PRODUCTION) .venv/bin/mypy
	$(LIKE_PRODUCTION) $(PYTHON_IN_VENV) manage.py makemigrations --check --dry-run
	$(LIKE_PRODUCTION) $(PYTHON_IN_VENV) manage.py check --deploy --fail-level WARNING

format: ## put code and templates into the house's form
	@requirements/install dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: ## measure what is promised, as ratios of one run; ARGS may name measurements: a b c d e f g h w
	@requirements/install dev
	@exec $(PYTHON_IN_VENV) -m benchmarks $(ARGS)

lock: ## compile the requirement files anew (needs uv)
	cd requirements && for file in dev runtime embedded security; do \
		uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
			$$([ $$file = dev ] || echo --constraint dev.txt) --output-file $$file.txt $$file.in || exit 1; \
	done
