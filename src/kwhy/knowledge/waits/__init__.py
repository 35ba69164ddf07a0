"""Who waits for whom, read from goroutine dumps. Pure derivations; rules judge on top of them.

Minutes in a dump are lower bounds and may be missing (kwhy.facts.goroutines): nothing here takes a missing figure for
zero, and "at least" is meant literally.
"""
