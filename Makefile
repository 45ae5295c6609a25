# Two commands do all: `make reproduce` and `make test`. Both set up .venv first, from requirements.lock.

VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= 2
campaign ?= published
port ?= 5000
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := true

SNAKEMAKE := snakemake -c$(CORES)
# With evidence at hand everything is made again from it; without, the tables from the committed records.
EVIDENCE := $(or $(LASTRO_EVIDENCE),$(wildcard data/$(campaign)/evidence))
AGAIN := $(if $(EVIDENCE),score_outputs import_run import_extrinsic corrected_scores guardrail_cross) table thesis_check metrics worked_numbers rule_graph figure report_page
# The audit itself reads all of the evidence; without it, what the last audit found is reported.
AUDIT := $(if $(EVIDENCE),--forcerun audit_campaign)
FOUND := analysis/$(campaign)/audit

.PHONY: help install install-scale reproduce published demo clean-demo plan test types tests scale faults fuzz audit evidence track publish ui bench schemas advisories lock clean

help:
	@echo "make reproduce   set up, then make every table, figure and page again and compare with the thesis; then the demo"
	@echo "make demo        both tracks, small, on this machine: eleven models, a base model and its adapters; tables and audit of them"
	@echo "make plan        what would run now, how long it would take and cost: make plan campaign=thesis targets=track1"
	@echo "make test        set up, then lint, types and tests"
	@echo "make scale       tests on real engines, which it installs (Debian, root): Slurm, several processes, a bucket, a database"
	@echo "make audit       every rule over the evidence; says what is new, and fails where something is"
	@echo "make evidence    fetch the published evidence (or copy it from LASTRO_EVIDENCE) and verify every file"
	@echo "make track       put the blobs of a run under DVC"
	@echo "make publish     mirror the records into a local MLflow store"
	@echo "make ui          publish, then serve the MLflow pages on this machine and say where"
	@echo "make fuzz        the longer tests of damaged input and of security"
	@echo "make faults      kill a whole demo 50 times and compare it with one left alone; full disks, damaged files, two runs at once"
	@echo "make bench       measure every speed, growth and memory against baselines, and write docs/speed.md"

install: $(VENV)/installed

# pip compiles 21,000 modules on one core; compileall takes all (what it cannot compile is no Python, but a template for some).
$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "error: $(PYTHON) is not Python 3.11; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	$(VENV)/bin/python -m compileall -qq -j0 $(VENV)/lib || :
	@touch $@

# What scaling out needs beside: an executor for Slurm, S3, PostgreSQL (docs/scaling.md).
install-scale: $(VENV)/installed-scale

$(VENV)/installed-scale: $(VENV)/installed requirements-scale.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock -r requirements-scale.lock
	@touch $@

reproduce: install
ifeq ($(campaign),published)
	@$(MAKE) --no-print-directory published demo
else
	@$(MAKE) --no-print-directory published
endif

published: install
	@$(if $(EVIDENCE),python -m stages.evidence verify --campaign $(campaign),echo "No evidence here: the tables come from the committed records. 'make evidence' fetches it.")
	$(SNAKEMAKE) all check --forcerun $(AGAIN) --config campaign=$(campaign)
	@changed="$$(git status --porcelain -- versions/$(campaign) reports/$(campaign) analysis/$(campaign) .snakemake/metadata)" || \
	{ echo "Made again; not compared with what is committed: git does not answer here."; exit 0; }; \
	if [ -z "$$changed" ]; then echo "Reproduced: every file is, byte for byte, the committed one."; \
	else echo "Made again; these differ from what is committed:"; echo "$$changed"; fi

# What is trained already and has not changed is not trained again: make clean-demo starts anew.
demo: install
	$(SNAKEMAKE) all track1 audit --config campaign=demo
	@python -m stages.audit.gate report --campaign demo
	@python -m stages.show comparable --campaign demo
	@python -m stages.show scores --campaign demo

clean-demo:
	rm -rf data/demo versions/demo analysis/demo reports/demo

# What would run now, with hours and dollars from earlier runs (docs/plan.md).
plan: install
	@python -m stages.plan $(targets) --campaign $(campaign)

# Types beside tests: mypy keeps one core busy, and what the tests wait for leaves it some.
test: install
	ruff check .
	ruff format --check .
	@$(MAKE) --no-print-directory -j2 types tests

types: install
	mypy

# In the order of tests/conftest.py, long files first.
tests: install
	pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

# Minutes, and packages of Debian's: none of make test (docs/scaling.md).
scale: install-scale
	tests/scale/install_stores.sh
	pytest -m scale -s

# Exit status 2 (make's own for any failure) where an error or warning is not accepted in params/audit/; see the README.
audit: install
	@$(if $(EVIDENCE),,echo "No evidence here: this is what the last audit found. 'make evidence' fetches it.")
	@$(SNAKEMAKE) audit $(AUDIT) --keep-going --quiet --config campaign=$(campaign) || { \
	echo "Not everything could be made, as said above: auditing what is here."; \
	python -m stages.audit.make --campaign $(campaign) --findings $(FOUND)/findings.json --page $(FOUND)/index.html; }
	@python -m stages.audit.gate report --campaign $(campaign)

evidence: install
	python -m stages.evidence fetch --campaign $(campaign)

track: install
	python -m stages.track

publish: install
	python -m stages.publish

ui: publish
	@python -m stages.ui --port $(port)

# The longer tests of bad input and of security, beside the others; LASTRO_FUZZ=20 tries twenty times as many examples.
fuzz: install
	pytest -m "fuzz or not fuzz" -n $(CORES) tests/fuzz tests/security

# Three quarters of an hour on two cores; called again with the same folder, the kills go on from where they were.
FAULTS ?= $(or $(TMPDIR),/tmp)/lastro-faults
faults: install
	pytest -m "faults or not faults" tests/end_to_end/faults
	python -m tests.end_to_end.faults.campaign --campaign demo --folder $(FAULTS)
	python -m tests.end_to_end.faults.figures --campaign demo --folder $(FAULTS)

# Some eighteen minutes on two idle cores; writes bench/results/bench.json, docs/speed.md and the README's sentences on speed.
bench: install
	python -m bench

# Known faults of the pinned versions, asked of PyPI; --strict, or it ends well where it could ask nobody (docs/security.md).
advisories:
	$(PYTHON) -m venv .venv-advisories
	.venv-advisories/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	.venv-advisories/bin/pip-audit --strict --disable-pip --no-deps -r requirements.lock -r requirements-scale.lock || \
	{ echo "error: a known fault above, or PyPI's advisories are not reachable from here: nothing is proved" >&2; exit 1; }

schemas: install
	python -m stages.schemas

lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet '.[dev]'
	{ echo "# Everything that pyproject.toml pins and what it brings, resolved for Python 3.11 (make lock)."; \
	.venv-lock/bin/python -m pip freeze --all --exclude pip --exclude lastro | sed 's/+cpu$$//'; } > requirements.lock
	.venv-lock/bin/python -m pip install --quiet --constraint requirements.lock '.[dev,scale]'
	{ echo '# What the extra "scale" of pyproject.toml brings beside requirements.lock (make lock).'; \
	.venv-lock/bin/python -m pip freeze --all --exclude pip --exclude lastro | sed 's/+cpu$$//' | grep -vxFf requirements.lock; } > requirements-scale.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .mlflow logs benchmarks .pytest_cache .mypy_cache .ruff_cache
