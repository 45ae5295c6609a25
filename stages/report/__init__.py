"""The report: one page of a campaign, with every table, the lineage of every cell, the audit, and other campaigns beside it."""
