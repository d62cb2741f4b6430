"""The program: config → cluster → add-ons → gateway → models → routes → outputs."""
