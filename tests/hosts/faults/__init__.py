"""What may break a deploy, tried at every point that one passes."""
