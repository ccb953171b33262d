"""A chapter is executed where it must be.

1. `keys` hashes what a run can load: its code, the modules behind it, data, versions.
2. `cache` keeps one execution for each profile, and says whether it still holds.
3. `execute` runs the others, `kernel` keeps their client awake, `record` notes what a run loaded and read.
"""
