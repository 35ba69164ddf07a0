"""From symptoms backward to causes: judging, links, explanations, ranking, next steps. Knows no rule by name."""
