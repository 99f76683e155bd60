"""Values that look like secrets, and harmless neighbours of them.

Every secret is put together from parts when the tests run, so that no scanner finds one in this repository.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import string

_LETTERS = string.ascii_letters + string.digits
_SEED = itertools.count(7)


def _made(length: int, alphabet: str = _LETTERS) -> str:
    """Make a text as if by chance: another one each time, and the same ones in each run."""
    while True:
        octets = hashlib.shake_256(str(next(_SEED)).encode()).digest(length)
        text = "".join(alphabet[octet % len(alphabet)] for octet in octets)
        if any(character.isdigit() for character in text) or not set(alphabet) & set(string.digits):
            return text


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _jwt() -> str:
    parts = (_encoded('{"alg":"HS256","typ":"JWT"}'), _encoded('{"sub":"1234567890","admin":true}'), _made(43))
    return ".".join(part.rstrip("=") for part in parts)


def _pem(kind: str) -> str:
    body = "\n".join(_made(64) for _ in range(3))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


_HEX = string.hexdigits[:16]
_WORD = "hunter" + "2"
"""A password that nobody makes by chance."""

TOKENS: dict[str, str] = {
    "GitHub fine-grained": "github" + "_pat_" + _made(22) + "_" + _made(59),
    "GitHub classic": "gh" + "p_" + _made(36),
    "GitHub OAuth": "gh" + "o_" + _made(36),
    "GitHub server": "gh" + "s_" + _made(36),
    "GitHub refresh": "gh" + "r_" + _made(36),
    "GitLab": "gl" + "pat-" + _made(20),
    "GitLab runner": "gl" + "rt-" + _made(20),
    "Stripe": "sk" + "_live_" + _made(24),
    "Stripe restricted": "rk" + "_live_" + _made(24),
    "Stripe webhook": "wh" + "sec_" + _made(32),
    "Anthropic": "sk" + "-ant-api03-" + _made(95),
    "OpenAI project": "sk" + "-proj-" + _made(48),
    "OpenAI": "sk" + "-" + _made(48),
    "Google": "AI" + "za" + _made(35),
    "AWS": "AK" + "IA" + _made(16, string.ascii_uppercase + "234567"),
    "AWS session": "AS" + "IA" + _made(16, string.ascii_uppercase + "234567"),
    "Slack bot": "xo" + "xb-" + _made(12, string.digits) + "-" + _made(12, string.digits) + "-" + _made(24),
    "Slack app": "xa" + "pp-1-" + _made(11) + "-" + _made(13, string.digits) + "-" + _made(32),
    "npm": "np" + "m_" + _made(36),
    "PyPI": "py" + "pi-AgEIcHlwaS5vcmc" + _made(60),
    "Docker Hub": "dckr" + "_pat_" + _made(27),
    "Hugging Face": "h" + "f_" + _made(34, string.ascii_letters).replace("a", "B"),
    "SendGrid": "S" + "G." + _made(22) + "." + _made(43),
    "JWT": _jwt(),
    "private key": _pem("PRIVATE " + "KEY"),
    "RSA key": _pem("RSA PRIVATE " + "KEY"),
    "OpenSSH key": _pem("OPENSSH PRIVATE " + "KEY"),
    "PGP key": _pem("PGP PRIVATE " + "KEY BLOCK"),
    "key in one line": _pem("EC PRIVATE " + "KEY").replace("\n", "\\n"),
    "key in base64": _encoded(_pem("PRIVATE " + "KEY")),
    "age": "AGE-SECRET" + "-KEY-1" + _made(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "Slack webhook": "https://hooks.slack" + ".com/services/T" + _made(10) + "/B" + _made(10) + "/" + _made(24),
    "Discord webhook": "https://discord" + ".com/api/webhooks/" + _made(18, string.digits) + "/" + _made(68),
    "Postgres": f"postgres://app:{_WORD}@db.example.com/app",
    "Redis": f"redis://:{_WORD}@cache.example.com:6379/0",
    "AMQP": f"amqps://app:{_WORD}@mq.example.com",
    "HTTP proxy": f"http://proxy:{_WORD}@proxy.example.com:3128",
    "MySQL DSN": f"app:{_WORD}@tcp(db.example.com:3306)/app",
    "libpq": f"host=db.example.com user=app password={_WORD} dbname=app",
    "ADO.NET": f"Server=db.example.com;User Id=app;Password={_WORD};Encrypt=true",
    "JDBC": f"jdbc:mysql://db.example.com/app?user=app&password={_WORD}",
    "Azure storage": f"DefaultEndpointsProtocol=https;AccountName=app;AccountKey={_made(86)}==",
    "Azure bus": f"Endpoint=sb://app.example.com/;SharedAccessKeyName=root;SharedAccessKey={_made(43)}=",
    "basic auth": "Authorization: Basic " + _encoded(f"app:{_WORD}"),
    "bearer": "Authorization: Bearer " + _made(40),
    "DigitalOcean": "dop" + "_v1_" + _made(64, _HEX),
    "Shopify": "shp" + "at_" + _made(32, _HEX),
    "Vault": "hv" + "s." + _made(95),
    "Pulumi": "pu" + "l-" + _made(40, _HEX),
    "Grafana": "gl" + "sa_" + _made(32) + "_" + _made(8, _HEX),
    "Databricks": "da" + "pi" + _made(32, _HEX),
    "Twilio": "S" + "K" + _made(32, _HEX),
    "Telegram": _made(10, "123456789") + ":AA" + _made(33),
    "Atlassian": "ATA" + "TT3" + _made(60),
    "Linear": "lin" + "_api_" + _made(40),
    "New Relic": "NR" + "AK-" + _made(27, string.ascii_uppercase + string.digits),
    "bcrypt": "$2" + "b$12$" + _made(53),
    "JSON": f'{{"user": "app", "password": "{_WORD}"}}',
    "JSON in base64": _encoded(f'{{"auths": {{"registry.example.com": {{"password": "{_WORD}"}}}}}}'),
    "system property": f"-Xmx1g -Dspring.datasource.password={_WORD}",
    "shell": f"PGPASSWORD={_WORD} psql -h db.example.com",
    "curl": f"curl -u app:{_WORD} https://api.example.com",
    "option": f"--password={_WORD}",
    "query": f"https://api.example.com/hook?access_token={_WORD}",
}
"""Texts that are, or hold, a secret, wherever they stand."""

NAMED: dict[str, str] = {
    "PGPASSWORD": _WORD,
    "DB_PASS": _WORD,
    "DB_PASSWORD": "12345678",
    "MYSQL_PWD": "correct-horse",
    "MYSQL_ROOT_PASSWORD": "password",
    "JWT_SIGNING_KEY": "not-so-long",
    "JWT_SECRET": "changeme",
    "API_KEY": _made(8),
    "APIKEY": _made(12),
    "apiKey": _made(12),
    "X_API_KEY": _made(12),
    "STRIPE_SECRET": _made(12),
    "CLIENT_SECRET": _made(12),
    "CLIENT_SECRET_2": _made(12),
    "SECRET_KEY_BASE": _made(64, _HEX),
    "DJANGO_SECRET_KEY": "django-insecure-" + _made(12),
    "AWS_SECRET_ACCESS_KEY": _made(40),
    "AWS_SESSION_TOKEN": _made(80),
    "GH_TOKEN": _made(12),
    "SLACK_TOKEN": _made(12),
    "ACCESS_TOKEN_PROD": _made(12),
    "PASSWORD_PROD": _WORD,
    "SMTP_PASS": _WORD,
    "SMTPPASS": _WORD,
    "smtpPassword": _WORD,
    "KEY_PASSPHRASE": "correct horse battery staple",
    "ENCRYPTION_KEY": _made(20),
    "MASTER_KEY": "0123456789" + "abcdef",
    "SESSION_SECRET": "keyboard cat",
    "COOKIE_SECRET": "a",
    "GOOGLE_CREDENTIALS": "svc-" + _made(10),
    "LICENSE_KEY": "ABCD-EFGH-1234",
    "APP_KEY": _made(32),
    "FERNET_KEY": _made(43) + "=",
    "HASH_SALT": _made(22),
    "REDISCLI_AUTH": _made(24),
    "TOKEN_GITHUB": _made(40),
    "PRIVATE_KEY": _made(64, _HEX),
}
"""Values that are secrets by the name of their variable."""

FILES: dict[str, str] = {
    "/etc/app/app.ini": f"[db]\nuser = app\npassword = {_WORD}\n",
    "/etc/app/app.yaml": f"db:\n  user: app\n  password: {_WORD}\n",
    "/etc/app/block.yaml": f"db:\n  password: |\n    {_WORD}\n",
    "/etc/app/app.json": f'{{\n  "db": {{\n    "user": "app",\n    "password": "{_WORD}"\n  }}\n}}\n',
    "/etc/app/app.toml": f'[db]\nuser = "app"\npassword = "{_WORD}"\n',
    "/etc/app/app.properties": f"spring.datasource.username=app\nspring.datasource.password={_WORD}\n",
    "/etc/app/app.env": f"export DB_USER=app\nexport DB_PASSWORD='{_WORD}'\n",
    "/etc/app/web.config": f'<appSettings>\n<add key="DbPassword" value="{_WORD}" />\n</appSettings>\n',
    "/etc/app/core-site.xml": f"<property>\n<name>fs.azure.account.key</name>\n<value>{_made(40)}</value>\n",
    "/etc/app/settings.xml": f"<server>\n  <password>{_WORD}</password>\n</server>\n",
    "/etc/app/pod.yaml": f"env:\n  - name: DB_PASSWORD\n    value: {_WORD}\n",
    "/etc/app/settings.py": f'DATABASES = {{"default": {{"USER": "app", "PASSWORD": "{_WORD}"}}}}\n',
    "/etc/app/config.js": f"module.exports = {{ user: 'app', password: '{_WORD}' }};\n",
    "/etc/redis/redis.conf": f"port 6379\nrequirepass {_WORD}\n",
    "/etc/app/start.sh": f"#!/bin/sh\nPGPASSWORD={_WORD} psql\n",
    "/home/app/.npmrc": f"//registry.npmjs.org/:_authToken={_made(36)}\n",
    "/home/app/.netrc": f"machine api.example.com\n  login app\n  password {_WORD}\n",
    "/home/app/.pgpass": f"db.example.com:5432:app:app:{_WORD}\n",
    "/home/app/.git-credentials": f"https://app:{_WORD}@git.example.com\n",
    "/home/app/.aws/credentials": f"[default]\naws_access_key_id = x\naws_secret_access_key = {_made(40)}\n",
    "/home/app/.docker/config.json": f'{{"auths": {{"r.io": {{"auth": "{_encoded(f"app:{_made(30)}")}"}}}}}}\n',
    "/etc/nginx/htpasswd": "app:$apr1$" + _made(8) + "$" + _made(22) + "\n",
    "/etc/app/token": _made(20),
    "/etc/app/password.txt": f"{_WORD}\n",
    "/etc/tls/tls.key": _pem("PRIVATE " + "KEY"),
}
"""Files that hold a secret."""

ARGUMENTS: tuple[tuple[str, ...], ...] = (
    ("--password", _WORD),
    ("--token", _made(12)),
    ("-api-key", _made(12)),
    ("redis-server", "--requirepass", _WORD),
    ("sh", "-c", f"exec app --db-password {_WORD}"),
    ("sh", "-c", f"export DB_PASSWORD={_WORD} && exec app"),
)
"""Commands of which the last word is a secret, or holds one."""


HARMLESS_ENV: dict[str, str | int | bool] = {
    "TOKEN_TTL": "15m",
    "TOKEN_TTL_SECONDS": 900,
    "TOKEN_EXPIRY": "86400",
    "TOKEN_ISSUER": "https://auth.example.com",
    "TOKEN_AUDIENCE": "api",
    "TOKEN_URL": "https://auth.example.com/token",
    "TOKEN_HEADER": "X-Auth",
    "PASSWORD_MIN_LENGTH": 12,
    "PASSWORD_POLICY": "strong",
    "PASSWORD_RESET_URL": "https://app.example.com/reset",
    "PASSWORD_FILE": "/run/secrets/password",
    "DB_PASSWORD_FILE": "/run/secrets/db",
    "PGPASSFILE": "/run/secrets/pgpass",
    "PASSWORD_HASH_ROUNDS": 12,
    "SECRET_NAME": "web-session",
    "SECRET_ID": "prod/web",
    "SECRET_ARN": "arn:x",
    "SECRETS_DIR": "/run/secrets",
    "SECRET_ROTATION": "30d",
    "SECRET_PROVIDER": "aws",
    "SECRET_VERSION": "AWSCURRENT",
    "KEYCLOAK_URL": "https://sso.example.com",
    "KEYCLOAK_REALM": "main",
    "KEY_PREFIX": "app:",
    "KEY_ID": "alias/app",
    "KEYSPACE": "orders",
    "KEYBOARD": "qwertz",
    "MONKEY": "george",
    "COMPASS": "north",
    "PASS_THROUGH": "headers",
    "BYPASS": "localhost",
    "PASSPORT": "strategy",
    "PASSENGERS": "120",
    "TRESPASS": "no",
    "PASSIVE_MODE": "on",
    "TOKENIZER": "cl100k_base",
    "TOKENIZERS_PARALLELISM": False,
    "MAX_TOKENS": 4096,
    "TOKENS": 4096,
    "REQUIRE_PASSWORD": True,
    "ENABLE_TOKEN": "false",
    "NO_PASSWORD": "yes",
    "USE_TOKEN": 1,
    "API_KEY_REQUIRED": "true",
    "DB_PASSWORD": "",
    "API_KEY": "",
    "TOKEN": "none",
    "ADMIN_PASSWORD": "$(ADMIN_PASSWORD_FROM_ELSEWHERE)",
    "CLIENT_SECRET": "${CLIENT_SECRET}",
    "API_TOKEN": "{{ .Values.token }}",
    "WEBHOOK_SECRET": "<your secret>",
    "SIGNING_SECRET": "********",
    "PRIVATE_KEY": "/run/secrets/key",
    "CREDENTIALS": "/etc/app/credentials.json",
    "GOOGLE_APPLICATION_CREDENTIALS": "/run/secrets/gcp.json",
    "AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE",
    "VAULT_TOKEN": "vault:secret/data/app#token",
    "MASTER_KEY": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd",
    "DB_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db",
    "PWD": "/srv",
    "OLDPWD": "/",
    "ACCESS_TOKEN_LIFETIME": "3600",
    "REFRESH_TOKEN": "enabled",
    "SESSION_COOKIE": "sid",
    "COOKIE_NAME": "session",
    "PUBLIC_KEY": "ssh-"
    + "ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZ8rXw5n0a6M2mYd3Qz7u1V4k9f0b2c3d4e5f6g7h8i ops@example.com",
    "SIGNING_PUBLIC_KEY": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n",
    "STRIPE_PUBLISHABLE_KEY": "pk" + "_live_" + _made(24),
    "RECAPTCHA_SITE_KEY": _made(40),
    "CACHE_KEY": _made(40, _HEX),
    "PARTITION_KEY": "tenant_id",
    "SORT_KEY": "created_at",
    "IDEMPOTENCY_KEY": "request-id",
    "HASH_KEY": "id",
    "GIT_COMMIT": _made(40, _HEX),
    "CHECKSUM": _made(64, _HEX),
    "SHA256": _made(64, _HEX),
    "ETAG": _made(32, _HEX),
    "BUILD_ID": "7f9c24e5-2b1d-4a3e-9c8f-0123456789ab",
    "TENANT_ID": "7f9c24e5-2b1d-4a3e-9c8f-0123456789ab",
    "IMAGE": "registry.example.com/app@sha256:" + _made(64, _HEX),
    "DIGEST": "sha256:" + _made(64, _HEX),
    "CONFIG_B64": _encoded('{"level": "info", "workers": 4, "cache": {"ttl": "15m"}}'),
    "CA_BUNDLE": _pem("CERTIFICATE"),
    "DATABASE_URL": "postgres://app@db.example.com:5432/app",
    "REDIS_URL": "redis://cache.example.com:6379/0",
    "PROXY": "http://proxy.example.com:3128",
    "ORIGIN": "https://app.example.com:8443/path@1.2",
    "MAIL": "ops@example.com",
    "DSN": "postgres://app:$(PGPASSWORD)@db.example.com/app",
    "AMQP": "amqp://app:${AMQP_PASSWORD}@mq.example.com",
    "CONNECTION": "Server=db.example.com;Database=app;Integrated Security=true",
    "GREETING": "Please enter your password",
    "HELP": "Token: see the handbook",
    "PASSWORD_PROMPT_MESSAGE": "Password:",
    "SENTRY": "https://" + _made(32, _HEX) + "@o1.ingest.example.com/2",
    "LOCALE": "sk-SK",
    "LOG_FORMAT": "%(asctime)s %(token)s",
    "REGEX": r"^[\w-]+=\d{2,}$",
    "JAVA_OPTS": "-Xmx1g -Djavax.net.ssl.trustStore=/etc/ssl/store.jks",
    "CRON": "*/5 * * * *",
    "ALPHABET": _LETTERS,
    "CERT_SERIAL": "4f:3a:9b:00:1c",
    "VERSION": "v1.0-rc1",
    "TRACEPARENT": "00-" + _made(32, _HEX) + "-" + _made(16, _HEX) + "-01",
    "S3_PATH": "s3://bucket/keys/2024/01",
    "FEATURE_KEYS": "search,checkout",
    "PRIMARY_KEY": "id",
    "AUTHOR": "jo",
    "OAUTH_SCOPES": "openid profile",
    "AUTH_MODE": "oidc",
    "BASIC_AUTH_ENABLED": "true",
    "KEY": "value",
    "SEED": 42,
}
"""Variables that speak of secrets, or look made by chance, and are none."""

HARMLESS_FILES: dict[str, str] = {
    "/etc/app/app.yaml": "auth:\n  tokenTTL: 15m\n  passwordFile: /run/secrets/db\n  password: ${DB_PASSWORD}\n",
    "/etc/app/nested.yaml": "password:\n  minLength: 12\ntoken: null\nsecret:\n  name: web\n",
    "/etc/app/app.py": 'import os\n\npassword = os.environ["PASSWORD"]\ntoken = request.headers.get("X-Token")\n',
    "/etc/app/app.js": "const token = await getToken(req);\nconst password = process.env.PASSWORD;\n",
    "/etc/nginx/nginx.conf": "server {\n  set $token $http_x_token;\n  proxy_set_header X-Auth-Token $http_token;\n}\n",
    "/etc/app/start.sh": '#!/bin/sh\nexport DB_PASSWORD="$(cat /run/secrets/db)"\nTOKEN=$1\nexec app --token-ttl 5m\n',
    "/etc/app/index.html": '<input type="password" name="password" placeholder="Password">\nPassword: at least 12\n',
    "/etc/app/README.md": "Set `DB_PASSWORD` to the password: it is read from a file.\n",
    "/etc/ssl/ca.crt": _pem("CERTIFICATE"),
    "/etc/ssl/jwt.pub": _pem("PUBLIC KEY"),
    "/etc/app/schema.json": '{"properties": {"password": {"type": "string"}, "token": {"type": "string"}}}\n',
    "/etc/app/checksums.txt": "".join(f"{_made(64, _HEX)}  file-{index}.tar.gz\n" for index in range(3)),
    "/etc/ssh/known_hosts": f"git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{_made(40)}\n",
    "/etc/app/key-map.json": '{"primaryKey": "id", "cacheKey": "user", "keys": ["a", "b"]}\n',
    "/etc/app/lock.yaml": f"integrity: sha512-{_made(86)}==\nresolved: https://registry.example.com/a/-/a-1.0.0.tgz\n",
    "/etc/app/rules.conf": "action = pass\npass in on eth0\nno password is sent\ntoken expired\n",
}
"""Files that speak of secrets and hold none."""

HARMLESS_ARGUMENTS = (
    "serve",
    "--token-ttl",
    "5m",
    "--password-file",
    "/run/secrets/db",
    "--key",
    "/run/secrets/key",
    "--max-tokens=4096",
    "--auth",
    "--token",
    "--verbose",
    "--db=postgres://app@db.example.com/app",
    "--secret-name=web",
    "key=value",
)
