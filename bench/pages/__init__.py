"""How long the server takes for pages: Django is ready before anything is imported."""

import os

import django

os.environ.setdefault("DOORWARD_NO_BOOTSTRAP", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
