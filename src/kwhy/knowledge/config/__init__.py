"""Rules about ConfigMaps, Secrets and settings that containers need before they can be created."""
