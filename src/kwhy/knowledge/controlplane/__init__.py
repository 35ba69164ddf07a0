"""Rules about the components of the control plane."""
