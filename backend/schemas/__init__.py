"""The shapes of the API (DESIGN section 4), a module a topic."""
