"""Rules about gateways and reverse proxies: which path they send where, and what the Gateway API's routes report."""
