# The one list of commands. POSIX make; works from any folder, also one with spaces in its name.
# PHOTOS and DATA reach the recipes through the environment, so that a quote in a folder's name does no harm.
#   PYTHON=python3.12 make ...   chooses the interpreter (3.11 or later) that .venv is made with
.POSIX:

RUN = .venv/bin/python
SETUP = sh packaging/python.sh environment.py
ARGS =

help:
	@echo 'make demo                   set up, index the sample photos and open the window on them'
	@echo 'make demo PHOTOS=~/Pictures the same on your own photos (they are only read)'
	@echo 'make test                   set up PyTorch and the tools too, and run all tests (ARGS=... goes to pytest)'
	@echo 'make test-models            walk a whole model of each family, and write docs/models.md (an hour)'
	@echo 'make test-training          train small models from nothing, and kill some on the way (minutes)'
	@echo 'make check                  formatting, lint, types, and which room may import which'
	@echo 'make bench                  measure speed against its bounds; ARGS="--only million --place FOLDER": at a million photos'
	@echo 'make bench-training         measure training beside open_clip_train (minutes)'
	@echo 'make screenshots            make the pictures in docs/ from the real window'
	@echo 'make starter DATA=folder    build the bundled model anew'
	@echo 'make starter-report DATA=folder  measure it further, and write that into docs/model.md'
	@echo 'make quality DATA=folder         measure how well searching answers (docs/quality.md)'
	@echo 'make tagging DATA=folder         fit how sure suggested labels are, and measure them (docs/tagging.md)'
	@echo 'make ablation DATA=folder        measure what each option of train lora is worth (docs/training.md)'
	@echo 'make lock                   renew the lock files (needs uv)'
	@echo 'make clean                  remove .venv and all that was built or cached here'

demo:
	@$(SETUP) light
	@$(RUN) packaging/demo.py "$${PHOTOS:-}"

test:
	@$(SETUP) test
	@$(RUN) -m pytest $(ARGS)

test-training:
	@$(SETUP) test
	@$(RUN) -m pytest -m training $(ARGS)

test-models:
	@$(SETUP) test
	@$(RUN) -m pytest -m models tests/core/models/test_families.py $(ARGS)

check:
	@$(SETUP) test
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	.venv/bin/lint-imports

bench:
	@$(SETUP) test
	@$(RUN) -m tests.bench $(ARGS)

bench-training:
	@$(SETUP) test
	@$(RUN) -m tests.bench.training $(ARGS)

screenshots:
	@$(SETUP) light
	@$(RUN) packaging/screenshots.py $(ARGS)

starter:
	@if [ -z "$${DATA:-}" ]; then echo 'make starter needs DATA=folder (docs/model.md says what is in it)' >&2; exit 2; fi
	@$(SETUP) starter
	@$(RUN) -m training.starter "$$DATA" --page docs/model.md --record training/starter/runs $(ARGS)

starter-report:
	@if [ -z "$${DATA:-}" ]; then echo 'make starter-report needs DATA=folder (docs/model.md says what is in it)' >&2; exit 2; fi
	@$(SETUP) starter
	@$(RUN) -m training.starter.report "$$DATA" --model resources/models/starter --page docs/model.md --out docs $(ARGS)

quality:
	@if [ -z "$${DATA:-}" ]; then echo 'make quality needs DATA=folder (docs/model.md says what is in it)' >&2; exit 2; fi
	@$(SETUP) starter
	@$(RUN) -m training.quality "$$DATA" $(ARGS)

tagging:
	@if [ -z "$${DATA:-}" ]; then echo 'make tagging needs DATA=folder (docs/model.md says what is in it)' >&2; exit 2; fi
	@$(SETUP) starter
	@$(RUN) -m training.tagging "$$DATA" $(ARGS)

ablation:
	@if [ -z "$${DATA:-}" ]; then echo 'make ablation needs DATA=folder (docs/model.md says what is in it)' >&2; exit 2; fi
	@$(SETUP) test
	@$(RUN) -m training.ablation "$$DATA" --page docs/training.md $(ARGS)

lock:
	@sh packaging/python.sh lock.py

clean:
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help demo test test-training test-models check bench bench-training screenshots starter starter-report quality tagging ablation lock clean
