"""The finished site (`server`), and JupyterLab on the student's copies or on the sources (`lab`)."""
