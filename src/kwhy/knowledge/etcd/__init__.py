"""Rules about etcd: its disks, its members, its space."""
