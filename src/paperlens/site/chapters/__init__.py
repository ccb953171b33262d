"""A chapter's source becomes its forms.

1. `curriculum` says which chapters there are, in which order.
2. `source` reads one and says in a sentence what is wrong with it; `fences` and `questions` find its boxes.
3. `forms` derives the solution form, the student form (`markers` cut the answers out) and the page; `plain` says in
   ordinary Markdown what notebooks cannot show. `notebooks` gives nbformat types.
"""
