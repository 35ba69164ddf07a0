"""What the packet filter of a host does with a packet: no conditions here, only the computation that rules use."""
