"""A class, from the handed-out notebook to a gradebook.

1. `course` opens the course's folder, `release` writes the student form of a chapter into it.
2. `intake` takes in what students hand in and finds the answers in it.
3. `marking` runs each answer and judges it; every outcome goes to a journal first.
4. `sandbox` is the wall between an answer and its judgement.
5. `output` writes the gradebook, feedback, reports and exports, and opens formgrader.

`command` is the command line of all of it; `durable` writes files that survive a kill; `sample` makes a class to look
at.
"""
