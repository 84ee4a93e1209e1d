"""Which issuers of tokens an installation trusts: its settings in, a verifier out."""

from libs.common import oidc, tokens
from libs.common.settings import ServiceSettings


def verifier(settings: ServiceSettings) -> tokens.Verifier:
    """The platform's own issuer and the OIDC provider, whichever of them the settings name."""
    trusted = []
    if settings.jwks:
        trusted.append(tokens.platform(settings.jwks, settings.issuer, settings.audience))
    if settings.oidc_issuer:
        mapping = oidc.ClaimMapping(
            subject=settings.oidc_subject_claim,
            role=settings.oidc_role_claim,
            brands=settings.oidc_brands_claim,
            roles=settings.oidc_roles,
            brands_of=settings.oidc_brands,
        )
        trusted.append(
            oidc.provider(
                settings.oidc_issuer,
                settings.oidc_audience,
                mapping,
                leeway_s=settings.oidc_leeway_s,
                refresh_s=settings.oidc_refresh_s,
                hurry_s=min(10.0, settings.oidc_refresh_s),
            )
        )
    return tokens.Verifier(trusted)
