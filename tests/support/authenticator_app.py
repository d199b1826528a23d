"""What an app of second factors shows."""
import base64
import hashlib
import hmac
import time


def code_of(secret, steps_later=0):
    """What an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int(time.time()) // 30 + steps_later
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset:offset + 4], "big") & 0x7fffffff
    return f"{number % 1_000_000:06}"
