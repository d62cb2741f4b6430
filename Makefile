# What each target does: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
LOCAL := python3 -m local
STACK ?= dev

##@ The dev stack
.PHONY: up
up: ## Start everything on this machine and ask a model for a prediction
	@$(LOCAL) up

.PHONY: down
down: ## Destroy the stack, stop the cluster, leave nothing
	@$(LOCAL) down

.PHONY: predict
predict: ## Ask a model: make predict MODEL=half_plus_two VALUES="1 2 5"
	@$(LOCAL) client predict --stack $(STACK) $(or $(MODEL),half_plus_two) $(or $(VALUES),1 2 5)

.PHONY: smoke
smoke: ## Check every endpoint of the stack over gRPC and REST
	@$(LOCAL) client smoke --stack $(STACK)

.PHONY: outputs
outputs: ## The stack's outputs as JSON on stdout, secrets left out
	@$(LOCAL) outputs --stack $(STACK)

.PHONY: env
env: ## Shell exports: eval "$(make -s env)" makes pulumi and kubectl work on the dev stack
	@$(LOCAL) env

##@ Stacks in a cloud
.PHONY: preview
preview: ## What a stack would make, without credentials or a cluster: make preview STACK=eks (JSON=1)
	@$(LOCAL) preview $(STACK) $(if $(JSON),--json)

##@ Work on Slipway
.PHONY: test
test: ## All tests: unit, engine, cluster (PLUGINS=official runs them on official plugins only)
	@SLIPWAY_PLUGINS="$(or $(PLUGINS),$(SLIPWAY_PLUGINS),auto)" $(LOCAL) test

.PHONY: test-unit
test-unit: ## The tests that need no engine and no cluster
	@$(LOCAL) test unit

.PHONY: test-long
test-long: test-clouds ## The long tests: every runtime, source and scaling served; `make up` killed at eleven points; Karpenter's nodes drained
	@$(LOCAL) test serving kills drain

.PHONY: test-clouds
test-clouds: ## The tests of the clouds: every stack of one is made, changed and destroyed in a simulated cloud
	@$(LOCAL) test clouds

.PHONY: lint
lint: ## ruff and mypy --strict, actionlint and zizmor on the workflows
	@$(LOCAL) lint

.PHONY: scan
scan: ## checkov and kube-score on every object, the servers' own samples beside it
	@$(LOCAL) scan

.PHONY: bench
bench: ## Evaluation cost, no-op up, gateway overhead: figures side by side
	@$(LOCAL) bench

.PHONY: tools
tools: ## Get or build every tool and image, start nothing
	@$(LOCAL) tools

.PHONY: clean
clean: ## Remove this clone's environments and state (tools stay in the user's cache)
	@$(LOCAL) clean

.PHONY: help
help: ## This text
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
