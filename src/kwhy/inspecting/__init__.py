"""What documents show, before anything is judged: the parts of `kwhy inspect`, each from facts of one kind.

Texts come from evidence as they are; reports make them printable and mask secrets.
"""
