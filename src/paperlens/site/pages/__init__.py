"""Sphinx's source folder, and what its pages show.

1. `facts` asks models and exercises what they say of themselves; `tables`, `fidelity`, `data_tables`, `grading_page`
   and `readme` turn facts and results into tables.
2. `landing_pictures`, `data_pictures` and `data_gallery` draw; `lighten` makes pictures small.
3. `assemble` writes the forms, the pages and the tables, and of these only what differs.
4. `directives` is the Sphinx extension, `vendor` brings letters, formulas, styles and search from npm.
5. Of what Sphinx wrote, `terms` shows the glossary at its terms, `formulas` sets the formulas, `bundle` makes one
   stylesheet and one script, `search` an index; the last three ask `node`. `course_map` draws who builds on whom, and
   `pdf` prints the book.
"""
