"""Programs that write what is deployed."""
