"""Requests for decision: where they come from, who may answer, what an answer means, what people and peers are told."""
