"""What lies behind the application, as captures show it: slow servers, peers that should not be, wrong records."""
