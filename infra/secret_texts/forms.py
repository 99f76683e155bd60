"""Forms by which services make their keys recognisable: how a token begins, and what follows.

Source: facts (prefix, alphabet, length) from config/gitleaks.toml of github.com/gitleaks/gitleaks, commit
b58d3f102cf3a2c84cb7f923d05c25c9b1aed84b of 2026-07-22 (MIT, Copyright (c) 2019 Zachary Rice; see NOTICE), written anew
as a table; none of its expressions is copied. Tokens become longer over time, so no length is a longest one, and the
fewest characters are at times fewer than the service makes today.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_WORD = "A-Za-z0-9"
_URL = r"A-Za-z0-9_\-"
_BASE64 = r"A-Za-z0-9+/"
_HEX = "a-f0-9"


@dataclass(frozen=True)
class TokenForm:
    """Tokens of one service."""

    what: str
    """What a message calls it."""
    prefixes: tuple[str, ...]
    alphabet: str
    """Characters after the prefix, as the inside of a character class."""
    least: int
    """Fewest characters after the prefix."""


TOKEN_FORMS = (
    TokenForm("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _WORD, 20),
    TokenForm("GitHub token", ("github_pat_",), "A-Za-z0-9_", 20),
    TokenForm("GitLab token", ("glpat-", "glcbt-", "gldt-", "glffct-", "glft-", "glimt-"), r"A-Za-z0-9_.\-", 20),
    TokenForm("GitLab token", ("glagent-", "gloas-", "glptt-", "glrt-", "glsoat-", "GR1348941"), r"A-Za-z0-9_.\-", 20),
    TokenForm(
        "Stripe key", ("sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_", "whsec_"), _WORD, 10
    ),
    TokenForm("Anthropic key", ("sk-ant-",), _URL, 20),
    TokenForm("OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-"), _URL, 20),
    TokenForm("API key", ("sk-",), _WORD, 32),
    TokenForm("Google API key", ("AIza",), _URL, 30),
    TokenForm("Google client secret", ("GOCSPX-",), _URL, 20),
    TokenForm("Google access token", ("ya29.",), _URL, 30),
    TokenForm("Slack token", ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxe-", "xapp-"), _URL, 10),
    TokenForm("npm token", ("npm_",), _WORD, 30),
    TokenForm("PyPI token", ("pypi-",), _URL, 40),
    TokenForm("Docker Hub token", ("dckr_pat_", "dckr_oat_"), _URL, 20),
    TokenForm("Hugging Face token", ("hf_", "api_org_"), "A-Za-z", 30),
    TokenForm("SendGrid key", ("SG.",), r"A-Za-z0-9_.\-", 50),
    TokenForm("age key", ("AGE-SECRET-KEY-1",), "A-Z0-9", 40),
    TokenForm("1Password token", ("ops_eyJ",), r"A-Za-z0-9+/=_\-", 40),
    TokenForm("Airtable token", ("pat",), r"A-Za-z0-9.", 79),
    TokenForm("Alibaba access key", ("LTAI",), _WORD, 20),
    TokenForm("Amazon Bedrock key", ("ABSK",), _BASE64, 100),
    TokenForm("Artifactory key", ("AKCp",), _WORD, 60),
    TokenForm("Atlassian token", ("ATATT3", "ATCTT3", "ATBB"), r"A-Za-z0-9_=\-", 28),
    TokenForm("ClickHouse Cloud key", ("4b1d",), _WORD, 38),
    TokenForm("Clojars token", ("CLOJARS_",), _WORD, 50),
    TokenForm("Cloudflare origin key", ("v1.0-",), r"a-f0-9\-", 100),
    TokenForm("Databricks token", ("dapi",), _HEX, 32),
    TokenForm("DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), _HEX, 40),
    TokenForm("Doppler token", ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa."), r"A-Za-z0-9._\-", 40),
    TokenForm("Duffel token", ("duffel_live_", "duffel_test_"), r"A-Za-z0-9_=\-", 40),
    TokenForm("Dynatrace token", ("dt0c01.", "dt0s01."), r"A-Za-z0-9.", 60),
    TokenForm("EasyPost key", ("EZAK", "EZTK"), _WORD, 54),
    TokenForm("Facebook token", ("EAAM", "EAAC"), _WORD, 100),
    TokenForm("Figma token", ("figd_",), _URL, 30),
    TokenForm("Flutterwave key", ("FLWSECK_TEST-", "FLWSECK-"), r"A-Za-z0-9\-", 12),
    TokenForm("Fly.io token", ("fo1_", "fm1a_", "fm1r_", "fm2_"), r"A-Za-z0-9+/_=\-", 40),
    TokenForm("Frame.io token", ("fio-u-",), r"A-Za-z0-9_=\-", 50),
    TokenForm("Grafana token", ("glc_", "eyJrIjoi"), r"A-Za-z0-9+/=", 32),
    TokenForm("Grafana token", ("glsa_",), "A-Za-z0-9_", 32),
    TokenForm("Groq key", ("gsk_",), _WORD, 40),
    TokenForm("Heroku key", ("HRKU-",), _URL, 36),
    TokenForm("Infracost key", ("ico-",), _WORD, 32),
    TokenForm("Linear key", ("lin_api_", "lin_oauth_"), _WORD, 32),
    TokenForm("New Relic key", ("NRAK-", "NRII-", "NRRA-"), r"A-Za-z0-9\-", 20),
    TokenForm("Notion token", ("ntn_",), _WORD, 40),
    TokenForm("Octopus Deploy key", ("API-",), "A-Z0-9", 26),
    TokenForm("OpenShift token", ("sha256~",), _URL, 40),
    TokenForm("Perplexity key", ("pplx-",), _WORD, 40),
    TokenForm("PlanetScale key", ("pscale_tkn_", "pscale_oauth_", "pscale_pw_"), r"A-Za-z0-9_=.\-", 30),
    TokenForm("Postman key", ("PMAK-",), r"A-Za-z0-9\-", 50),
    TokenForm("Prefect key", ("pnu_", "pnb_"), _WORD, 36),
    TokenForm("Pulumi token", ("pul-",), _HEX, 40),
    TokenForm("ReadMe key", ("rdme_",), "a-z0-9", 60),
    TokenForm("Replicate token", ("r8_",), _WORD, 36),
    TokenForm("RubyGems key", ("rubygems_",), _HEX, 40),
    TokenForm("Scalingo token", ("tk-us-",), _URL, 48),
    TokenForm("Brevo key", ("xkeysib-", "xsmtpsib-"), r"A-Za-z0-9\-", 60),
    TokenForm("Sentry token", ("sntrys_", "sntryu_"), r"A-Za-z0-9+/=_", 40),
    TokenForm("Shippo token", ("shippo_live_", "shippo_test_"), _HEX, 40),
    TokenForm("Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), "A-Fa-f0-9", 32),
    TokenForm("Sourcegraph token", ("sgp_",), "A-Za-z0-9_", 40),
    TokenForm("Square token", ("sq0atp-", "sq0csp-"), _URL, 22),
    TokenForm("Tailscale key", ("tskey-",), r"A-Za-z0-9\-", 20),
    TokenForm("Twilio key", ("SK",), _HEX, 32),
    TokenForm("Typeform token", ("tfp_",), r"A-Za-z0-9_.=\-", 40),
    TokenForm("Vault token", ("hvs.", "hvb.", "hvr."), _URL, 20),
    TokenForm("xAI key", ("xai-",), _WORD, 60),
    TokenForm("Yandex key", ("AQVN",), _URL, 35),
)
"""Tokens that begin with what only such a token begins with."""


@dataclass(frozen=True)
class TextForm:
    """A secret that is known by more than its beginning."""

    what: str
    hint: tuple[str, ...]
    """Texts of which one is in every such secret, small letters; most texts have none, and need no closer look."""
    pattern: str
    """The secret part is the group `secret`, or the whole."""
    refuted: Callable[[str], bool] = lambda _: False
    """Whether the secret part is evidently none."""


def _is_filled_in(secret: str) -> bool:
    """Whether a password is put in later, or was blotted out: `$(PASSWORD)`, `${PASSWORD}`, `<password>`, `***`."""
    return bool(re.fullmatch(r"\$.*|%[A-Za-z_]\w*%|<[^>]*>|\{\{.*\}\}|\{\w*\}|[*xX.]+|%s|%v", secret))


def _is_port(secret: str) -> bool:
    return _is_filled_in(secret) or bool(re.match(r"\d{1,5}(/|\?|,|$)", secret) and not secret.isdigit())


TEXT_FORMS = (
    TextForm("private key", ("private key",), r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    TextForm("private key", ("putty-user-key-file",), r"PuTTY-User-Key-File-\d"),
    TextForm(
        "AWS access key",
        ("akia", "asia", "abia", "acca", "a3t"),
        r"(?<![A-Za-z0-9])(?P<secret>(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16})(?![A-Za-z0-9])",
        # The keys of AWS's own documentation end so.
        lambda secret: secret.endswith("EXAMPLE"),
    ),
    TextForm(
        "JSON Web Token",
        ("eyj",),
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    TextForm(
        "address with a password",
        ("://",),
        r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@'\"<>]{0,200}:(?P<secret>[^\s@'\"]{1,300})@",
        _is_port,
    ),
    TextForm(
        "address with a password",
        ("@tcp(", "@unix(", "@udp("),
        # What ends with a bracket and a quote is the place of a key, as refusals write it.
        r"(?<![\w.-])[\w.-]{1,100}:(?P<secret>[^\s:@/]{1,200})(?<!\[\")@(?:tcp|unix|udp)\(",
        _is_filled_in,
    ),
    TextForm(
        "address with a password",
        ("jdbc:oracle:",),
        r"(?i)jdbc:oracle:\w{1,20}:[^\s/:@]{1,100}/(?P<secret>[^\s@]{1,200})@",
    ),
    TextForm(
        "webhook address",
        ("hooks.slack.com/", "/api/webhooks/", ".webhook.office.com/"),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,}"
        r"|discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{30,}|\.webhook\.office\.com/webhookb2/[A-Za-z0-9@-]{36,}/",
    ),
    TextForm("Telegram token", (":aa",), r"(?<![A-Za-z0-9])\d{6,16}:AA[A-Za-z0-9_-]{32,}"),
    TextForm("Mailgun key", ("key-",), r"(?<![A-Za-z0-9-])key-[a-f0-9]{32}(?![A-Za-z0-9])"),
    TextForm("Mailchimp key", ("-us",), r"(?<![A-Za-z0-9])[a-f0-9]{32}-us\d{1,2}(?![A-Za-z0-9])"),
    TextForm("HCP Terraform token", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,}"),
    TextForm("Entra ID client secret", ("q~",), r"(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~])"),
    TextForm("Harness token", ("pat.", "sat."), r"(?<![\w.])[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    TextForm("MaxMind key", ("_mmk",), r"(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    TextForm("Azure signature", ("sig=",), r"[?&]sig=(?P<secret>[A-Za-z0-9%+/_-]{40,}(?:=|%3D)*)"),
    TextForm(
        "password hash",
        ("$2", "$6$", "$5$", "$apr1$", "$argon2", "$y$"),
        r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|\$(?:6|5|apr1|y)\$[^\s$]{1,80}\$(?:[^\s$]{1,80}\$)?[./A-Za-z0-9]{20,}"
        r"|\$argon2(?:id|i|d)\$v=\d+\$[^\s$]{1,80}\$[A-Za-z0-9+/]{8,}\$[A-Za-z0-9+/]{16,}",
    ),
    TextForm(
        "password",
        ("curl",),
        r"\bcurl\b[^\n]{0,200}?\s(?:-u|--user|--proxy-user)[=\s]?\s*[\"']?[^\s:\"']{1,200}:(?P<secret>[^\s\"']+)",
        _is_filled_in,
    ),
    TextForm(
        "password",
        ("mysql", "mariadb"),
        r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,200}?\s-p[\"']?(?P<secret>[^\s\"'-][^\s\"']*)",
        _is_filled_in,
    ),
    TextForm(
        "password",
        ("password '", "identified by"),
        r"(?i)\b(?:password|identified\s+by)\s+'(?P<secret>[^'\n]{1,200})'",
        _is_filled_in,
    ),
    TextForm("password", ("sshpass",), r"\bsshpass\s+-p\s*[\"']?(?P<secret>[^\s\"']+)", _is_filled_in),
    TextForm(
        "password", ("redis-cli",), r"\bredis-cli\b[^\n]{0,200}?\s-a\s+[\"']?(?P<secret>[^\s\"']+)", _is_filled_in
    ),
)
"""Secrets that are known by their whole form."""


Found = tuple[str, int, int]
"""What a stretch of a text looks like, and where it starts and ends. It says nothing of the text itself."""


_TOKEN_HINTS = [(prefix, form) for form in TOKEN_FORMS for prefix in form.prefixes]
_TEXT_HINTS = [(hint, form) for form in TEXT_FORMS for hint in form.hint]
"""Every text of a stack is looked through for each of these, before any pattern is tried."""


def forms_in(text: str) -> Iterator[Found]:
    """Find what has the form of a token, a key, or an address with a password."""
    for form in dict.fromkeys(form for prefix, form in _TOKEN_HINTS if prefix in text):
        for match in _token_pattern(form).finditer(text):
            yield form.what, *match.span()
    small = text.lower()
    for text_form in dict.fromkeys(form for hint, form in _TEXT_HINTS if hint in small):
        for match in re.finditer(text_form.pattern, text):
            secret = match.groupdict().get("secret", match[0])
            if not text_form.refuted(secret):
                yield text_form.what, *match.span()


@cache
def _token_pattern(form: TokenForm) -> re.Pattern[str]:
    prefixes = "|".join(map(re.escape, form.prefixes))
    # Somewhere in the token is a figure or a capital, which a word of a language or the name of a file has not.
    varied = r"(?=[a-z_.\-]*[A-Z0-9])"
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{prefixes}){varied}[{form.alphabet}]{{{form.least},}}")
