"""The words kwhy thinks in, as frozen types. Imports nothing else of kwhy."""
