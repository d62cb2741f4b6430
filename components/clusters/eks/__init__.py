"""Amazon EKS: a cluster, its network, nodes, add-ons and what they may do in the account."""
