"""Amazon EKS: a cluster, its network, nodes, add-ons and their permissions in the account."""
