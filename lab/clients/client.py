"""A worker of the shop that asks its database every 3 s: client.py mysql|postgres|redis|http. Reads DB_* or UPSTREAM."""

import logging
import os
import sys
import time

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stdout)
log = logging.getLogger("orders.worker")
HOST, PORT, USER, PASSWORD, NAME = (os.environ.get(f"DB_{k}", "") for k in ("HOST", "PORT", "USER", "PASSWORD", "NAME"))
STATEMENT = os.environ.get("STATEMENT", "SELECT 1")


def mysql() -> None:
    import pymysql

    connection = pymysql.connect(host=HOST, port=int(PORT), user=USER, password=PASSWORD, database=NAME, connect_timeout=3)
    with connection, connection.cursor() as cursor:
        cursor.execute(STATEMENT)


def postgres() -> None:
    import psycopg2

    connection = psycopg2.connect(host=HOST, port=PORT, user=USER, password=PASSWORD, dbname=NAME, connect_timeout=3)
    with connection, connection.cursor() as cursor:
        cursor.execute(STATEMENT)
    connection.close()


def redis() -> None:
    import redis as library

    library.Redis(HOST, int(PORT), password=PASSWORD or None, socket_connect_timeout=3, retry=None).set("cart:42", "3 items")


def http() -> None:
    import requests

    requests.get(os.environ["UPSTREAM"], timeout=3).raise_for_status()


work = {"mysql": mysql, "postgres": postgres, "redis": redis, "http": http}[sys.argv[1]]
while True:
    try:
        work()
        log.info("order 17 processed")
    except Exception:
        log.exception("order 17 failed")
    time.sleep(3)
