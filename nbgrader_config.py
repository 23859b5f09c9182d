"""nbgrader's settings for a course with these exercises: its own steps, with ours where learners' code is run and scored."""

import warnings

c = get_config()  # noqa: F821

# nbgrader 0.9 and SQLAlchemy 2.1 disagree on style, at length and without effect.
warnings.filterwarnings("ignore", module=r"nbgrader\.api")

c.CourseDirectory.course_id = "stateless"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", "*.py", ".stateless_*"]

# A released stub raises, so that a question nobody answered says so. A cell may bring a stub of its own.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearAnswers.code_stub = {"python": "raise NotImplementedError"}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    "autograders.course.release.ClearAnswers",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What learners wrote is shown in pages, and never run there.
c.HTMLExporter.filters = {"markdown2html": "autograders.course.cleaning.markdown"}

# Learners' code runs in a confined process, and points come from checks that it cannot reach.
c.Autograde.exporter_class = "autograders.course.resuming.Resuming"
c.GenerateFeedback.exporter_class = "autograders.course.resuming.Feedback"
c.OverwriteCells.add_missing_cells = True
c.Autograde.sanitize_preprocessors = [
    "autograders.course.nbgrader_steps.MendCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.pre_convert_hook = "autograders.course.nbgrader_steps.find_renamed"
c.Autograde.autograde_preprocessors = [
    "autograders.course.nbgrader_steps.RunConfined",
    "autograders.course.nbgrader_steps.SavePoints",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
