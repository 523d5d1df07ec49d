# make up, make demo, make test: see README.md.
.PHONY: up down purge demo test soak fuzz matrix check bench crash

up:
	deploy/up.sh

down:
	deploy/down.sh

purge:
	deploy/purge.sh "$(INSTANCE)"

demo:
	deploy/demo.sh

test:
	deploy/test.sh

soak:
	deploy/soak.sh

matrix:
	deploy/matrix.sh $(ROWS)

check:
	deploy/check.sh

bench:
	deploy/bench.sh

fuzz:
	deploy/fuzz.sh

crash:
	deploy/crash.sh $(CRASH)
