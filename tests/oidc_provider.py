"""An OpenID Connect provider as a process of its own, on Authlib: discovery, keys that rotate, a token endpoint, ID tokens.

`python -m tests.oidc_provider PORT` is the server; `Provider` starts it and tells it what to do. What a real provider has an administrator for
(rotating its keys) is told by `POST /admin/…`, and `POST /admin/sign` signs any claims, so that a test can have a token that no client could ask for.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import httpx
import uvicorn
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core.grants.util import generate_id_token
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tests.stack import free_port
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent
AUDIENCE = "https://weerklank.example/api"
SECRET = "of-the-test-client"
GROUPS = {"realm_access": {"roles": ["offline_access", "care"]}, "teams": ["vaart-care"], "preferred_username": "gs"}


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request whose form is what was given as its payload."""

    @property
    def form(self) -> dict[str, str]:
        found: dict[str, str] = self.payload.data
        return found


class Application(ClientMixin):  # type: ignore[misc]
    """The one client; it may ask for tokens of its own."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("client_credentials", "authorization_code")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/desk/oidc/back")

    def get_default_redirect_uri(self) -> None:
        return None


class Person:
    """Whoever is at the browser; nobody asks them anything."""

    def get_user_id(self) -> str:
        return "u-1"


class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    def __init__(self, asked: Any) -> None:
        given = asked.payload.data
        self.redirect_uri, self.scope = given["redirect_uri"], given.get("scope", "")
        self.code_challenge, self.code_challenge_method = given.get("code_challenge"), given.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
    codes: ClassVar[dict[str, Code]] = {}

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        self.codes[code] = Code(request)

    def query_authorization_code(self, code: str, client: Application) -> Code | None:
        return self.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        for code in [code for code, known in self.codes.items() if known is authorization_code]:
            del self.codes[code]

    def authenticate_user(self, authorization_code: Code) -> Person:
        return Person()


class Keyring:
    """The newest key signs; all that are here are published."""

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.rotate("RS256")

    def rotate(self, algorithm: str) -> None:
        parameters = {"alg": algorithm, "use": "sig", "kid": f"key-{len(self.keys) + 1}-{os.urandom(4).hex()}"}
        made = ECKey.generate_key("P-256", parameters) if algorithm == "ES256" else RSAKey.generate_key(2048, parameters)
        self.keys.append(made)

    @property
    def algorithm(self) -> str:
        return str(self.keys[-1].as_dict()["alg"])

    def signing(self) -> KeySet:
        return KeySet([self.keys[-1]])


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server without a web framework of its own."""

    def query_client(self, client_id: str) -> Application:
        return Application(client_id)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Tokens are signed; nobody looks them up."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> JSONResponse:
        return JSONResponse(body, status, dict(headers))


class Tokens(JWTBearerTokenGenerator):  # type: ignore[misc]
    def __init__(self, issuer: str, ring: Keyring) -> None:
        super().__init__(issuer, expires_generator=300)
        self.ring = ring

    def access_token_generator(self, **asked: Any) -> str:
        self.alg = self.ring.algorithm
        return str(super().access_token_generator(**asked))

    def get_jwks(self) -> KeySet:
        return self.ring.signing()

    def get_audiences(self, client: Application, user: object, scope: str) -> list[str]:
        return [AUDIENCE]

    def get_extra_claims(self, client: Application, grant_type: str, user: object, scope: str) -> dict[str, Any]:
        """Of a program, as Keycloak has them; `GROUPS` are a person's."""
        if grant_type == "authorization_code":
            return GROUPS
        name = f"service-account-{client.client_id}"
        return GROUPS | {"realm_access": {"roles": ["mail-bridge"]}, "preferred_username": name}


def app_of(issuer: str) -> FastAPI:
    app, ring = FastAPI(), Keyring()
    server = Server()
    server.register_grant(type("Grant", (ClientCredentialsGrant,), {"TOKEN_ENDPOINT_AUTH_METHODS": ["client_secret_basic"]}))
    server.register_grant(CodeGrant, [CodeChallenge(required=True)])
    server.register_token_generator("default", Tokens(issuer, ring))

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/keys",
            "token_endpoint": f"{issuer}/token",
            "authorization_endpoint": f"{issuer}/authorize",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }

    @app.get("/keys")
    def keys() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in ring.keys]}

    @app.get("/authorize")
    async def authorize(request: Request) -> Any:
        asked = OAuth2Request(request.method, str(request.url))
        asked.payload = BasicOAuth2Payload(dict(request.query_params))
        try:
            grant = server.get_consent_grant(asked, end_user=Person())
            return server.create_authorization_response(asked, grant_user=Person(), grant=grant)
        except OAuth2Error as error:
            return JSONResponse(dict(error.get_body()), error.status_code)

    @app.post("/token")
    async def token(request: Request) -> Any:
        asked = Asked(request.method, str(request.url), headers=dict(request.headers))
        asked.payload = BasicOAuth2Payload(dict(httpx.QueryParams((await request.body()).decode())))
        asked.headers["Authorization"] = request.headers.get("authorization", "")
        try:
            return server.create_token_response(asked)
        except OAuth2Error as error:
            return JSONResponse(dict(error.get_body()), error.status_code)

    @app.get("/id-token")
    def id_token(client_id: str, nonce: str | None = None) -> str:
        key = ring.keys[-1]
        user = {"sub": "u-1", **GROUPS}
        made = generate_id_token({}, user, key, issuer, client_id, alg=ring.algorithm, nonce=nonce, kid=key.kid)
        return made if isinstance(made, str) else made.decode()

    @app.post("/admin/rotate")
    def rotate(algorithm: str = "RS256") -> None:
        ring.rotate(algorithm)

    @app.post("/admin/retire")
    def retire() -> None:
        del ring.keys[:-1]

    @app.post("/admin/sign")
    async def sign(request: Request) -> str:
        asked = json.loads(await request.body())
        return jwt.encode({"alg": ring.algorithm, "typ": "at+jwt", **asked["header"]}, asked["claims"], ring.signing())

    return app


class Provider:
    """The process, and what its clients and its administrator do. `start` after `stop` keeps the address, with new keys."""

    def __init__(self, log: Path) -> None:
        self.port, self.log = free_port(), log
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.issuer, trust_env=False, timeout=10)

    def start(self) -> "Provider":
        # Authlib refuses plain http unless it is told that this is a test.
        environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.oidc_provider", str(self.port)]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(self._answers, "the provider answers")
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        try:
            return self._http.get("/keys").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def token(self, client_id: str = "tool") -> str:
        """By client credentials, as a machine would get it."""
        answer = self._http.post("/token", data={"grant_type": "client_credentials", "scope": "care"}, auth=(client_id, SECRET))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def id_token(self, client_id: str, nonce: str | None = None) -> str:
        return str(self._http.get("/id-token", params={"client_id": client_id, **({"nonce": nonce} if nonce else {})}).json())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return str(self._http.post("/admin/sign", json={"claims": claims, "header": header}).json())

    def rotate(self, algorithm: str = "RS256") -> None:
        """A new key signs from now on; the older ones stay published."""
        assert self._http.post("/admin/rotate", params={"algorithm": algorithm}).is_success

    def retire(self) -> None:
        """Only the newest key stays published."""
        assert self._http.post("/admin/retire").is_success


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    port = parser.parse_args().port
    uvicorn.run(app_of(f"http://127.0.0.1:{port}"), host="127.0.0.1", port=port, log_level="warning")
