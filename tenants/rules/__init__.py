"""What a record must be for it to be saved: its own values taken in, and the company's rules judged."""
