"""Simulated clouds: resource plugins for aws, gcp and alicloud that call no cloud."""

#: The plugins work only if this variable is 1, as `home.variables` sets it.
SIMULATED = "SLIPWAY_SIMULATED"
#: The directory of the simulated accounts. Without it the plugins only support previews.
ACCOUNT = "SLIPWAY_SIMULATED_ACCOUNT"
