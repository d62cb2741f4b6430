"""Simulated clouds: resource plugins that answer the engine for aws, gcp and alicloud, alone."""

#: Without this variable no plugin of this package works; the home made for them sets it to 1.
SIMULATED = "SLIPWAY_SIMULATED"
#: The directory of the account. Without it everything can be previewed, and nothing be made.
ACCOUNT = "SLIPWAY_SIMULATED_ACCOUNT"
