"""What is asked of a model beyond its tasks, and how its answers are judged."""
