"""What a stack file says, as plain, validated values; the only reader of `pulumi.Config`."""
