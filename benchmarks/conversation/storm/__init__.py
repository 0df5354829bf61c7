"""A storm of goals on a running kiosk: what is asked of it, what is done to it, what it says, and what really was."""
