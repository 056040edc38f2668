"""As whom a GitHub App asks: a token that it signs itself, good for some minutes.

Format: GitHub Docs, "Generating a JSON Web Token (JWT) for a GitHub App".
"""

_SKEW = 60
_LIFETIME = 540


def app_token(app: str, private_key: str, now: float) -> str:
    """`app` is its client id or its number, `private_key` a PEM text. Raises ValueError where that is no RSA key."""
    import jwt

    claims = {"iat": int(now) - _SKEW, "exp": int(now) + _LIFETIME, "iss": app}
    try:
        return jwt.encode(claims, private_key, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ValueError("it is no private key of RSA; take the .pem file that GitHub made for the app") from None
