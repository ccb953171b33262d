"""From outcomes to what teachers and students look at.

1. `gradebook` writes the points of a run into nbgrader's gradebook at once, and reads them back.
2. `feedback` writes the marked notebooks and the students' pages.
3. `class_report` tells how the class did, `abuse` what is worth a look.
4. `export` gives scores to a spreadsheet or a learning platform.
5. `formgrader` opens nbgrader's pages in the browser, for marks by hand.
"""
