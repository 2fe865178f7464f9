"""`manage.py up`: everything on this machine under one supervisor, until Ctrl-C."""

import argparse
import os
import sys

from config.home import Unusable
from config.product import Product
from config.services import NotReady

PORT = 8700  # 8000 and 8080 are taken on many machines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the address to listen on."""
    port = int(os.environ.get("SWITCHBOARD_PORT") or PORT)
    parser.add_argument("--port", type=int, default=port, help=f"port of the pages (default {PORT})")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )


def main(arguments: list[str]) -> int:
    """Run until asked to stop; return the exit code. A failure is one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="manage.py up", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    return run(options.host, options.port)


def run(host: str, port: int) -> int:
    """Run the product on this address; return the exit code."""
    try:
        product = Product(host, port, say=_say)
        if product.run(_ready):
            return 0
    except (Unusable, NotReady) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    _say(
        "The database ended unexpectedly, so everything was stopped. Nothing that was committed is lost: "
        f"start again. Its log: {product.postgres.log if product.postgres else ''}"
    )
    return 1


def _ready(url: str, link: str) -> None:
    welcome = f" – set up the first account: {link}" if link else ""
    print(f"Switchboard is at {url}{welcome} (Ctrl-C stops it)", flush=True)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
