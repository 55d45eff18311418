"""The endpoints of accounts, by what they are about."""
