"""What a request with a key costs, beside other packages."""
