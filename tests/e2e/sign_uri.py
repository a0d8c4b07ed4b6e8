#!/usr/bin/python3
# sign_uri - a URI with a token of PyJWT's making, or what a token in a URI says and by whose key. RFC 9246.
# SPDX-License-Identifier: BSD-3-Clause
#
#   sign_uri.py sign KEY.pem URI CLAIMS.json    prints URI?URISigningPackage=TOKEN; claims may say exp as seconds from now: "+60"
#   sign_uri.py read KEY.pub URI                prints the claims, sorted; exit code 1 when the key did not sign them
import json
import pathlib
import sys
import time
import urllib.parse

import jwt

NAME = "URISigningPackage"


def sign(key, uri, claims):
    claims = json.loads(claims)
    if str(claims.get("exp", "")).startswith(("+", "-")):
        claims["exp"] = int(time.time()) + int(claims["exp"])
    token = jwt.encode(claims, pathlib.Path(key).read_text(), "ES256")
    print(uri + ("&" if "?" in uri else "?") + NAME + "=" + token)


def read(key, uri):
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)[NAME][0]
    claims = jwt.decode(token, pathlib.Path(key).read_text(), ["ES256"], options={"verify_aud": False})
    print(json.dumps(claims, sort_keys=True))


{"sign": sign, "read": read}[sys.argv[1]](*sys.argv[2:])
