"""What `bench` prints and does, a module or two per command; harness.cli lists the commands."""
