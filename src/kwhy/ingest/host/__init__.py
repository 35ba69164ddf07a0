"""What commands on a host print: processes, kernel stacks, the runtime, units, directories."""
