"""From a folder or a zip to answers. Nothing here runs what it reads.

1. `arrivals` lists what lies in a folder, an nbgrader exchange or a platform's zip: whose it is, and from when.
2. `collect` keeps the submission that counts of each student in the course's folder.
3. `notebook` reads its cells and finds the answer to an exercise.
"""
