"""The hands: database, socket emits, the Rasa client, the shop's action endpoint. They decide nothing."""
