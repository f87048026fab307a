"""Requests and answers as such, whatever they are about: who may ask, how fast, and how an answer travels."""
