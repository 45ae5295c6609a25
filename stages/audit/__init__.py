"""The audit: rules that look for what would make a campaign's numbers untrue, and say it with evidence."""
