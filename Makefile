# The main job needs Go alone: go run ./cmd/hangtime run log-contention
# What the tests need beside it is installed by apt, only where it is missing.
GO ?= go

.PHONY: build test tools vet lint unit test-real prove-sessions prove-kill prove-inputs

# Without cgo: one static file that runs on any Linux, and starts (as each worker does) a tenth sooner.
build:
	CGO_ENABLED=0 $(GO) build -o bin/hangtime ./cmd/hangtime

test: tools vet lint unit test-release

tools:
	@./.ci/install-tools

# What is behind the tag bench is measured by hand, and is to build all the same. So is what a release is built for: the same flags as there,
# so that on arm64 both share what is compiled.
vet:
	$(GO) vet ./...
	$(GO) vet -tags bench ./diagnose/bench ./reference-server/bench ./stacks/perl
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) vet -trimpath ./cmd/hangtime
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet ./cmd/hangtime

lint:
	$(GO) tool staticcheck ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt-ed: $$unformatted"; exit 1; }

# -p 1: packages one after the other, for they start real servers under load and two cores do not carry several at once.
unit:
	$(GO) test -race -p 1 -timeout 10m ./...

# Real servers made to hang: does diagnose say the truth of them? Most of the time they wait, so many run at once.
test-real: tools
	$(GO) vet -tags realservers ./realservers
	$(GO) tool staticcheck -tags realservers ./realservers
	$(GO) test -count=1 -timeout 15m -tags realservers ./realservers

# Hangs that go on in databases, SESSIONS times each: is the whole way named, from the request to whoever keeps it? About 45 s a time.
SESSIONS ?= 20
prove-sessions: tools
	$(GO) test -count=$(SESSIONS) -timeout 60m -tags realservers -run '^TestSessions$$' ./realservers

# Slow proofs and benchmarks: run by hand, recorded in docs/benchmarks*.md. Those of a room are in its own Makefile.inc.

# kill -9 of hangtime at 20 random moments: nothing is left of it.
prove-kill:
	$(GO) test -count=1 -timeout 30m -run '^TestKillLeavesNothing$$' -v ./cmd/command -kills 20

# 1,000 bad inputs of 30 kinds: each ends within 2 s of processor time, under 500 MB, with the right exit code and in plain sentences.
prove-inputs:
	$(GO) test -count=1 -timeout 30m -run '^TestNoInputIsTooBad$$' -v ./cmd/command -inputs 1000 -inputs-bounded

-include */Makefile.inc
