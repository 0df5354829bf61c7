"""Who stands before the avatar, as a camera sees it."""
