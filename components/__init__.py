"""What Slipway deploys: config → cluster → platform → models → routes → outputs."""
