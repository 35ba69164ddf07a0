"""Rules about applications as their logs show them."""
