"""A program as one file that needs no groundup: its source, and the definitions that it stands on."""
