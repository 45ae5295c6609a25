"""One module a log format; each turns a run's published files into facts with their sources."""
