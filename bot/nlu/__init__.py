"""Graph components of our own for Rasa's NLU. They read the message's text and nothing else."""
