"""The model service: its API, its page, its command line."""
