#!/usr/bin/python3
# jwt_oracle - keys and tokens of another implementation (PyJWT), and its word on ours.
# SPDX-License-Identifier: BSD-3-Clause
#
#   jwt_oracle.py make FOLDER    keys as KIND.pem, KIND.pub.pem, public.jwks, private.jwks, ciphers.jwks; tokens.txt: "ALG TOKEN"
#                                lines; clients.txt: "CLIENT=ENC JWE" lines
#   jwt_oracle.py check FOLDER   reads made.txt, "ALG TOKEN" lines; prints the claims of each, or what is wrong with it
import base64
import json
import os
import sys

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGS = {"ES256": "ec", "RS256": "rsa", "PS256": "rsa", "EdDSA": "okp", "HS256": "oct"}
SECRET = bytes(range(32))
CLAIMS = {"iss": "csp.example", "exp": 1893456000, "cdniuc": "regex:http://cdn\\.example/m/.*"}


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, length=None):
    return text(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def jwk_of(kind, key):
    raw = serialization.Encoding.Raw
    if kind == "oct":
        return {"kty": "oct", "k": text(SECRET)}, {}
    if kind == "okp":
        public = key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
        private = key.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        return {"kty": "OKP", "crv": "Ed25519", "x": text(public)}, {"d": text(private)}
    p = key.private_numbers()
    if kind == "ec":
        q = p.public_numbers
        return ({"kty": "EC", "crv": "P-256", "x": number(q.x, 32), "y": number(q.y, 32)},
                {"d": number(p.private_value, 32)})
    q = p.public_numbers
    return ({"kty": "RSA", "n": number(q.n), "e": number(q.e)},
            {"d": number(p.d), "p": number(p.p), "q": number(p.q), "dp": number(p.dmp1), "dq": number(p.dmq1),
             "qi": number(p.iqmp)})


CIPHERS = {"A128GCM": SECRET[:16], "A256GCM": SECRET}
CLIENTS = ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "no address"]


def encrypt(enc, content):
    header = text(json.dumps({"alg": "dir", "enc": enc, "kid": enc}).encode())
    nonce = os.urandom(12)
    sealed = AESGCM(CIPHERS[enc]).encrypt(nonce, content.encode(), header.encode())
    return f"{header}..{text(nonce)}.{text(sealed[:-16])}.{text(sealed[-16:])}"


def make(folder):
    keys = {"ec": ec.generate_private_key(ec.SECP256R1()), "rsa": rsa.generate_private_key(65537, 2048),
            "okp": ed25519.Ed25519PrivateKey.generate(), "oct": SECRET}
    public, private = [], []
    for kind, key in keys.items():
        out, secret = jwk_of(kind, key)
        out.update(kid=kind, use="sig")
        public.append(out)
        private.append({**out, **secret})
        if kind == "oct":
            continue
        with open(f"{folder}/{kind}.pem", "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
        with open(f"{folder}/{kind}.pub.pem", "wb") as f:
            f.write(key.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo))
    for name, jwks in (("public", public), ("private", private)):
        with open(f"{folder}/{name}.jwks", "w") as f:
            json.dump({"keys": jwks}, f)
    with open(f"{folder}/ciphers.jwks", "w") as f:
        json.dump({"keys": [{"kty": "oct", "use": "enc", "kid": enc, "k": text(key)} for enc, key in CIPHERS.items()]}, f)
    with open(f"{folder}/clients.txt", "w") as f:
        for enc in CIPHERS:
            for client in CLIENTS:
                print(client.replace(" ", "_") + "=" + enc, encrypt(enc, client), file=f)
    with open(f"{folder}/tokens.txt", "w") as f:
        for alg, kind in ALGS.items():
            print(alg, jwt.encode(CLAIMS, keys[kind], alg, headers={"kid": kind}), file=f)


def check(folder):
    for line in open(f"{folder}/made.txt"):
        alg, token = line.split()
        kind = ALGS[alg]
        key = SECRET if kind == "oct" else open(f"{folder}/{kind}.pub.pem", "rb").read()
        try:
            claims = jwt.decode(token, key, [alg], options={"verify_aud": False})
            print(alg, json.dumps(claims, sort_keys=True))
        except jwt.PyJWTError as error:
            print(alg, type(error).__name__, error)


{"make": make, "check": check}[sys.argv[1]](sys.argv[2])
