"""From the chapters' sources to notebooks and the website.

chapters    a source is read, checked and derived into its forms: solution, student, page
run         a chapter is executed where what it rests on has changed, and its outputs are kept
pages       the book's source folder is assembled: pages, generated tables, pictures, directives
serve       the finished site, or JupyterLab on the student's copies, on this machine

`build.py` does the first three in that order and lets Sphinx write the site; `command.py` is `paperlens book`.
"""
