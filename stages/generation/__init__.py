"""Answers of a language model to prompts: which prompts form a batch, the engines that answer it, and what a kill leaves done."""
