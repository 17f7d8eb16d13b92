"""Pages of many cases: the queue, its views and filters, search, the palette, changes of many at once."""
