"""Rules about disruption budgets and drains."""
