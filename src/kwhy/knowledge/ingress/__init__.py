"""Rules about Ingresses: rule, class, certificate, Service, port, endpoints."""
