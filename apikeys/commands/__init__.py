"""What `manage.py apikeys WORD` can do, a module for each word."""
