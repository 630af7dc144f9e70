"""What the bot does: one action for each kind of question. Walks a and d pass here.

Asks the chat server for orders with the turn's token and knows no other door. All words come from domain/, by language.
"""
