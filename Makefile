# The two commands: `make uat` runs the acceptance suite, `make test` the project's own tests.
#   make uat SWAMP_BIN=/path/to/swamp TAGS='@uat-07' NAME='revoked' FEATURES=features/expiry.feature
#   make uat SWAMP_VERSION=latest HOSTS=hosts.yaml

PYTHON ?= python3
TAGS ?=
NAME ?=
FEATURES ?=
MUTANTS ?=
WHOLE ?=
RECORD ?=
MINUTES ?=
SEED ?=
MOST ?=
MODULES ?=
JOBS ?=
SHARD ?=
BUDGET ?=
SINCE ?=
TIMES ?=
RUNS ?=
BASELINE ?=
ID ?=
FIX ?=
VERSIONS ?=
ifneq ($(BENCH)$(UAT_BENCH),)
$(info BENCH is now called HOSTS: make uat HOSTS='$(BENCH)$(UAT_BENCH)')
HOSTS := $(BENCH)$(UAT_BENCH)
unexport UAT_BENCH
endif
ifneq ($(HOSTS),)
export UAT_HOSTS := $(HOSTS)
endif
PLATFORMS ?=
# The former name of MUTANTS.
ifneq ($(FAULTS),)
$(info FAULTS is now called MUTANTS: make prove MUTANTS='$(FAULTS)')
MUTANTS := $(FAULTS)
endif

VARIABLES := SWAMP_BIN SWAMP_OTHER_BIN SWAMP_EARLIER_BIN SWAMP_VERSION UAT_HOSTS UAT_CACHE UAT_DEVIATIONS UAT_RELEASES UAT_REPORTS \
	UAT_REQUIRE_BINARY UAT_TARGET UAT_TIME_SCALE UAT_WAIVERS
# Export only variables with a value: make would export the others as empty.
GIVEN := $(foreach name,$(VARIABLES),$(if $($(name)),$(name)))
ifneq ($(GIVEN),)
export $(GIVEN)
endif

# A name is a pattern: make and the shell must not expand its dollars and quotes.
quoted = '$(subst ','\'',$(value $(1)))'

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.DEFAULT_GOAL := help
.PHONY: help uat test layout lint floors workflows prove mutate explore matrix signoff bug report benchmark bench compare resolve check docs coverage record verification lock clean

help:
	@echo "make uat       run the acceptance suite against SWAMP_BIN, or the release SWAMP_VERSION, or swamp on PATH,"
	@echo "               or the stand-in; BUDGET=5m runs what notices most in that time,"
	@echo "               SINCE=<commit> what has changed since then"
	@echo "make test      run the project's own tests; needs no swamp binary"
	@echo "make check     check features, lists and generated files in seconds; FIX=1 corrects some mistakes"
	@echo "make docs      write docs/steps.md and docs/steps.html, the catalogue of steps"
	@echo "make workflows check the definitions of CI only"
	@echo "make matrix    run the suite over several releases, oldest first: make matrix VERSIONS='… …'"
	@echo "make prove     check that the scenarios notice every mutant of the stand-in"
	@echo "make mutate    run mutation testing on the stand-in: make mutate MINUTES=60 SEED=2"
	@echo "make compare   compare the stand-in with the swamp binary, command by command"
	@echo "make explore   make up journeys and judge them by a model: make explore MINUTES=30 SEED=3 FOCUS=runs"
	@echo "make signoff   decide about a release by several runs: make signoff RUNS='reports-of-linux reports-of-mac'"
	@echo "               BASELINE=<reports or version> asks whether it is worse than an earlier run"
	@echo "make bug       write a report about a broken promise, with a script to reproduce it: make bug ID='…'"
	@echo "make report    make one Allure 3 page of the results of the last run; needs Node.js"
	@echo "make benchmark measure the suite, one scenario at a time and in parallel"
	@echo "make coverage  write coverage.md"
	@echo "make record    add the results of the last run to coverage.md"
	@echo "make verification  write docs/verification.md, with the last measurements of TAKE='run proof mutation'"
	@echo "make resolve   print the version of the release SWAMP_VERSION, such as of the latest"
	@echo "make lock      pin the newest allowed versions of all dependencies in requirements.lock"

uat: .venv/ready
	@$(BIN)/swamp-uat run $(if $(JOBS),-j $(JOBS)) $(if $(SHARD),--shard $(SHARD)) $(if $(BUDGET),--budget $(BUDGET)) $(if $(SINCE),--since $(call quoted,SINCE)) $(if $(TAGS),--tags $(call quoted,TAGS)) $(if $(NAME),--name $(call quoted,NAME)) $(FEATURES)

# The static checks run side by side: each of them keeps one processor busy.
STATIC := workflows layout lint types-linux types-darwin types-win32 floors check

test: .venv/ready
	@$(MAKE) --no-print-directory -j4 $(STATIC)
	$(BIN)/pytest -n auto --dist worksteal

layout: .venv/ready
	$(BIN)/ruff format --check .

lint: .venv/ready
	$(BIN)/ruff check .

# A cache for each platform, as mypy reads nothing from the cache of another one.
types-%: .venv/ready
	$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$*

floors: .venv/ready
	$(BIN)/lint-imports

# Checks GitHub's workflows against their schema and for security risks; works offline.
workflows: .venv/ready
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --persona auditor --strict-collection --quiet --no-progress .github

prove: .venv/ready
	@$(BIN)/swamp-uat prove $(if $(BUDGET),--budget $(BUDGET)) $(if $(WHOLE),--whole) $(if $(RECORD),--record) $(MUTANTS)

mutate: .venv/ready
	@$(BIN)/swamp-uat mutate $(if $(RECORD),--record) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),-j $(JOBS)) $(if $(MOST),--most $(MOST)) $(MODULES)

explore: .venv/ready
	@$(BIN)/swamp-uat explore $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(JOBS),-j $(JOBS)) $(foreach each,$(FOCUS),--focus $(each)) $(if $(JOURNEYS),--journeys $(JOURNEYS) --mutants $(MUTANTS))

signoff: .venv/ready
	@$(BIN)/swamp-uat signoff $(if $(PLATFORMS),--platforms $(call quoted,PLATFORMS)) $(if $(BASELINE),--baseline $(call quoted,BASELINE)) $(RUNS)

bug: .venv/ready
	@$(BIN)/swamp-uat bug -- $(call quoted,ID)

report: .venv/ready
	@$(BIN)/swamp-uat report

benchmark: .venv/ready
	@$(BIN)/swamp-uat benchmark $(if $(JOBS),-j $(JOBS)) $(if $(SHARD),--shard $(SHARD)) $(if $(TAGS),--tags $(call quoted,TAGS)) $(FEATURES)

bench:
	@echo "make bench is now called make benchmark."
	@$(MAKE) --no-print-directory benchmark

matrix: .venv/ready
	@$(BIN)/swamp-uat matrix $(if $(JOBS),-j $(JOBS)) $(if $(TAGS),--tags $(call quoted,TAGS)) $(if $(NAME),--name $(call quoted,NAME)) $(VERSIONS)

resolve: .venv/ready
	@$(BIN)/swamp-uat resolve -- $(call quoted,SWAMP_VERSION)

compare: .venv/ready
	@$(BIN)/swamp-uat compare

check: .venv/ready
	@$(BIN)/swamp-uat check $(if $(FIX),--fix)

docs: .venv/ready
	$(BIN)/swamp-uat docs

coverage: .venv/ready
	$(BIN)/swamp-uat coverage

record: .venv/ready
	$(BIN)/swamp-uat record $(if $(TIMES),--times)

verification: .venv/ready
	$(BIN)/swamp-uat verification $(TAKE)

lock: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev pyproject.toml --output-file requirements.lock

# Checks each time that the environment is complete and belongs to this checkout; otherwise makes it again.
.PHONY: .venv/ready
.venv/ready:
	@$(PYTHON) -I swamp_harness/install.py

clean:
	$(PYTHON) -c 'import shutil; [shutil.rmtree(p, ignore_errors=True) for p in (".venv", ".venv.lock", "reports", "allure-report/node_modules")]'
