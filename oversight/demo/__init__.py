"""A made-up past of the portal: a cast, a story, and the stage on which it is played through the real actions."""
