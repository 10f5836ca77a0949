"""What splits raw text into sentences and tokens, in Python and in the graph, by the same rules."""
