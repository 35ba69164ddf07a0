"""The command line: arguments in, report out. No logic of diagnosis lives here."""
