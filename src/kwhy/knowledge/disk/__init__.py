"""Rules about what fills the disks of nodes."""
