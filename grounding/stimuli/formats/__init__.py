"""How recordings with transcripts lie on a disk, and how each way is read. See `table.FORMATS`."""
