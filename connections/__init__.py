"""Who we are to a service: one account, its sealed credentials and its endpoint."""
