"""What the templates of our pages use."""
