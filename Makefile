# Short names. `make demo` and `make test` are the two commands of the README.

.PHONY: demo test lint bench clean

demo:
	python3 -m venv .venv && .venv/bin/pip install '.[plots]' && .venv/bin/soilglint demo --out out

test:
	python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest -n auto --dist loadfile

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench:
	@ls benchmarks/*.py
	@echo "Run one with the files it names: the first lines of each say how."

clean:
	rm -rf .venv build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
