"""The endpoints of OAuth, by what they are about."""
