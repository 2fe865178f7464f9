"""The embedded servers of this very test run."""

from django.db import connection


def test_the_test_database_is_the_embedded_server(db):
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000
