"""Shopbell's chat server: sockets and HTTP for shoppers and agents, the flows between them, and the store."""
