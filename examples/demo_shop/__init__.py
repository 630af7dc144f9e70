"""A small online shop that talks to Shopbell as any shop would: snippet, signed identity token, order webhooks, action callback.

It imports nothing of Shopbell, so what stands here is what a shop's developer can copy.
"""
