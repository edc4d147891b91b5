# The main job needs Go alone: go run ./cmd/hangtime run log-contention
# What the tests need beside it is installed by apt, only where it is missing.
GO ?= go

.PHONY: build test tools vet lint unit

build:
	$(GO) build -o bin/hangtime ./cmd/hangtime

test: tools vet lint unit

tools:
	@./.ci/install-tools

vet:
	$(GO) vet ./...

lint:
	$(GO) tool staticcheck ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt-ed: $$unformatted"; exit 1; }

# -p 1: packages one after the other, for they start real servers under load and two cores do not carry several at once.
unit:
	$(GO) test -race -p 1 -timeout 10m ./...
