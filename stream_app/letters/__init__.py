"""Dead letters in the hands of people: looked at, mended, sent again, given up; each of them once.

`cases` knows what became of a letter, `office` reads and writes the topics.
"""
