"""Every setting of the course: nbgrader's traitlets (`nbgrader --help-all` lists them) and proctor's own."""

c = get_config()  # noqa: F821

# What students find in place of a solution. The check of an unfinished exercise then says "not implemented yet".
c.ClearSolutions.code_stub = {
    "python": '# your code here\nraise NotImplementedError("not implemented yet")',
}
c.ClearSolutions.text_stub = "Your answer here."

# nbgrader copies whatever lies beside a notebook to the students; the notebook's text must stay behind.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "feedback"]

# Submissions come in rebuilt from the release, and proctor's verdicts are the outputs of the autograder cells.
# An assignment without a text in source/ is executed by nbgrader itself, which checked its metadata when that came in.
c.Autograde.exporter_class = "proctor.gradebook.SubmissionExporter"
c.Autograde.autograde_preprocessors = [
    "proctor.gradebook.GradeCells",
    "nbgrader.preprocessors.LimitOutput",
    "proctor.gradebook.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# The student's page, written anew where what it says has changed; without this line, nbgrader's own.
c.GenerateFeedback.exporter_class = "proctor.gradebook.FeedbackExporter"
# Late penalties are taken from all marks, those by hand with them.
c.ExportApp.plugin_class = "proctor.gradebook.ExportGrades"

# What being late costs where an assignment has a due date; nothing without a plugin (docs/instructors.md).
# c.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"
# c.PenaltyPerDay.percent_per_day = 10

# `nbgrader zip_collect` takes the zips of Canvas, Moodle and Blackboard as they come. The roster, a CSV file of the
# class, goes into the gradebook. The times that an LMS writes are those of c.Exchange.timezone (docs/instructors.md).
c.ZipCollectApp.extractor_plugin = "proctor.gradebook.DownloadExtractor"
c.ZipCollectApp.collector_plugin = "proctor.gradebook.DownloadCollector"
c.DownloadCollector.roster = ""

# `nbgrader collect` takes files from the exchange that are a student's own, and follows no link that lies there.
c.ExchangeFactory.collect = "proctor.gradebook.CollectSubmissions"

# Formgrader's pages are typeset within a time, and have a browser fetch nothing of a student's.
c.HTMLExporter.preprocessors = ["proctor.gradebook.TypesetCells"]

# What student code runs in, and in nothing weaker: "bubblewrap"; "landlock" where namespaces are refused; or "none"
# where you trust everybody. Every verdict says which (docs/security.md).
c.Proctor.sandbox = "bubblewrap"

# Limits of time of one cell, of one call that a check makes, and of everything a submission does, in seconds: of the
# clock, without what waiting for a processor took, and of processor time (docs/security.md).
c.Proctor.cell_seconds = 20
c.Proctor.call_seconds = 20
c.Proctor.submission_seconds = 180
# Cells that students added have time of their own, so that no experiment costs an answer its points.
c.Proctor.own_cells_seconds = 40

# What a submission may take of memory, and write to its scratch folder.
c.Proctor.memory_gigabytes = 6
c.Proctor.scratch_megabytes = 256
c.Proctor.scratch_files = 10_000

# How many submissions of a student `proctor watch` grades in a day, on the clock of c.Exchange.timezone; 0 for all.
c.Proctor.attempts_per_day = 0

# What the course is called: the name of the zip that students get.
c.Proctor.name = "deep-learning-for-healthcare"

# Where the unpacked zip lies for everybody, a folder of a public repository as the browser shows it, such as
# "https://github.com/<owner>/<repository>/tree/main": notebooks then have a link that opens them in Colab, and install
# `dlh` from there. Set it before `make build` (docs/instructors.md).
c.Proctor.course_url = ""

# The packages that students import: they are visible to submissions, and go into `make release-zip`.
c.Proctor.packages = ["dlh"]
