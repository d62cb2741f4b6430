#!/bin/bash
# The official image's script of this name, reduced to what it does without a GPU.
exec "$@"
