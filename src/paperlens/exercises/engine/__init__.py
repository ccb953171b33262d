"""What checks an answer: the exercise's parts, the judgement, the words of a report."""
