"""Reading what network tools print: command lines, addresses, and the grammars of iproute2 and its like."""
