"""`cccc certify`: a flight check of the two real CLIs in a scratch repository, against a model on loopback."""
