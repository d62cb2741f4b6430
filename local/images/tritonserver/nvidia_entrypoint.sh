#!/bin/bash
# What the official image's script of this name comes down to without a GPU.
exec "$@"
