"""What happened: history, leaderboard, results, progress."""
