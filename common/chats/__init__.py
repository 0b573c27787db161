"""What commands, panel and bridges share of chats: what a bridge needs to start, and pairing codes."""
