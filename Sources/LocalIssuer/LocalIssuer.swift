// LocalIssuer
