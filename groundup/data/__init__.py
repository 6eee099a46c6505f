"""Data sets, readers of files and loaders of batches."""
