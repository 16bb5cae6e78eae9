"""What RAG candidates read."""
