"""A diagnosis as text, JSON, Markdown, HTML and SARIF: pure functions from values to strings."""
