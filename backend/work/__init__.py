"""The models at work: threads, what they remember, and the answers that came of it."""
