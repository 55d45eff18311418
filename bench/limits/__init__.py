"""What a check of the limiter costs, and what it admits, beside other limiters."""
