"""Ids are in the order of time, tell their time, and last for 150 years."""

from datetime import UTC, datetime, timedelta

import pytest

from audit import ids
from overview.hours import HOUR, hour_of
from people.models import Notice

LATER = datetime.fromtimestamp(ids.LATER / 1000, UTC)
STEP = timedelta(milliseconds=1)
MOMENTS = [
    datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    LATER - STEP,
    LATER,
    LATER + STEP,
    datetime(2039, 9, 8, tzinfo=UTC),
    datetime(2184, 12, 1, tzinfo=UTC),
]


def test_ids_follow_each_other_in_time_and_fit_into_the_column():
    born = [ids.new_id(moment.timestamp()) for moment in MOMENTS]
    assert born == sorted(set(born))
    assert born[-1] < 1 << 63


@pytest.mark.parametrize("moment", MOMENTS[:3])
def test_ids_of_one_millisecond_follow_each_other_wherever_the_count_is(moment):
    for later in range(5_000):  # the count goes round after 4,096
        at = moment.timestamp() + later / 100
        born = [ids.new_id(at) for _ in range(3)]
        assert born == sorted(set(born))


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_id_tells_when_it_was_born(moment):
    row_id = ids.new_id(moment.timestamp())
    assert ids.time_of(row_id) == ids.time_of(ids.id_at(moment)) == moment
    assert ids.id_at(moment) <= row_id < ids.id_at(moment + STEP)


def test_an_id_of_this_year_is_what_it_always_was():
    assert ids.id_at(MOMENTS[0]) == int(MOMENTS[0].timestamp() * 1000) << 22


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_database_counts_the_same_hours(db, moment):
    Notice.objects.create(id=ids.new_id(moment.timestamp()), text="Done.")
    assert Notice.objects.extra(select={"hour": HOUR}).values_list("hour", flat=True).get() == hour_of(moment)
