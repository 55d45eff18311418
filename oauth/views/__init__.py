"""The pages of OAuth."""
