"""Rules about CNI plugins and their daemons."""
