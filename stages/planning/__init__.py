"""What would run, how long it would take and what it would cost: from what was measured before, never from a guess."""
