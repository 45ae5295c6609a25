"""Post-training of a LLaMA with adapters (track 2): what documents and chats become, and what is trained on them (facts, section 6)."""
