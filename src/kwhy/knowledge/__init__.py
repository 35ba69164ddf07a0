"""What kwhy knows: one rule per file, by layer, and the derivations that rules share. No I/O."""
