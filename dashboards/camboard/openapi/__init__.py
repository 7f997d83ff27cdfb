"""What machines may ask, in OpenAPI 3.1: declared beside the routes, written as JSON, as a page and as a document."""
