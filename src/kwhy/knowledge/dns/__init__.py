"""Rules about the cluster's DNS."""
