"""Why a pod has no node: the scheduler's words, and its predicates recomputed from objects."""
