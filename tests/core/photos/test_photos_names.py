"""Dates in names, and dates as files write them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.photos import dates
from core.photos.names import date_in_name


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("IMG-20190704-WA0012.jpg", "2019-07-04T00:00:00"),
        ("Screenshot_2020-01-31.png", "2020-01-31T00:00:00"),
        ("Screenshot_2020-01-31-10-20-30.png", "2020-01-31T10:20:30"),
        ("Screenshot_20200131-102030_Chrome.jpg", "2020-01-31T10:20:30"),
        ("PXL_20210101_120000123.jpg", "2021-01-01T12:00:00"),
        ("PXL_20210101_120000123.PORTRAIT-01.COVER.jpg", "2021-01-01T12:00:00"),
        ("2019-07-04 18.30.00.jpg", "2019-07-04T18:30:00"),
        ("2019-07-04 18.30.00-1.jpg", "2019-07-04T18:30:00"),
        ("signal-2020-05-06-123456.jpg", "2020-05-06T12:34:56"),
        ("signal-2020-05-06-12-34-56-789.jpg", "2020-05-06T12:34:56"),
        ("IMG_20190704_183000.jpg", "2019-07-04T18:30:00"),
        ("IMG_20190704_183000_HDR.jpg", "2019-07-04T18:30:00"),
        ("20190704_183000.jpg", "2019-07-04T18:30:00"),
        ("20190704183000.jpg", "2019-07-04T18:30:00"),
        ("MVIMG_20190704_183000.jpg", "2019-07-04T18:30:00"),
        ("WhatsApp Image 2019-07-04 at 18.30.05.jpeg", "2019-07-04T18:30:05"),
        ("Screen Shot 2019-07-04 at 6.30.00 PM.png", "2019-07-04T18:30:00"),
        ("Screen Shot 2019-07-04 at 12.05.00 AM.png", "2019-07-04T00:05:00"),
        ("photo_2019-07-04_18-30-00.jpg", "2019-07-04T18:30:00"),
        ("WP_20130704_001.jpg", "2013-07-04T00:00:00"),
        ("2019_07_04 picnic.jpg", "2019-07-04T00:00:00"),
        ("1985-12-24 grandmother.jpg", "1985-12-24T00:00:00"),
        ("2019-7-4.jpg", "2019-07-04T00:00:00"),
        ("20190704_998877.jpg", "2019-07-04T00:00:00"),
        ("99999999_20190704.jpg", "2019-07-04T00:00:00"),
        ("IMG20190704.jpg", "2019-07-04T00:00:00"),
        ("IMG20190704183000.jpg", "2019-07-04T18:30:00"),
        ("VID20190704T183000.jpg", "2019-07-04T18:30:00"),
        ("IMG20190704183000HDR.jpg", "2019-07-04T18:30:00"),
        ("20190704a.jpg", "2019-07-04T00:00:00"),
        ("p20190707x 2019-07-04.jpg", "2019-07-04T00:00:00"),
    ],
)
def test_a_date_in_a_name_is_found(name: str, date: str) -> None:
    assert date_in_name(name) == date


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.jpg", "DSC00001.jpg", "IMG_12345678.jpg", "2019-13-01.jpg", "2019-02-30.jpg", "20191301.jpg",
        "2999-01-01.jpg", "29990101_000000.jpg", "10151234567890123_n.jpg", "1234-56-78.jpg", "v2.10.12.jpg", "",
        "20190.jpg", "0000-00-00.jpg", "19700101_000000.jpg",
        "p20190707x.jpg", "a20190707999999b.jpg", "1562265000000x.jpg", "1562265000000 (1).jpg", "x1562265000000.jpg",
        "1100000000000.jpg", "9999999999999.jpg",
        "٢٠١٩-٠٧-٠٤.jpg",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(name: str) -> None:
    assert date_in_name(name) is None


def test_milliseconds_since_1970_are_told_in_local_time() -> None:
    wanted = datetime.fromtimestamp(1562265000).isoformat()
    assert date_in_name("FB_IMG_1562265000000.jpg") == wanted
    assert date_in_name("mmexport1562265000123.jpg") == wanted
    assert date_in_name("1562265000000.jpg") == wanted == date_in_name("1562265000000")
    assert date_in_name("1234567890123.jpg") == datetime.fromtimestamp(1234567890).isoformat()


@given(st.text())
def test_any_name_gives_a_plausible_date_or_none(name: str) -> None:
    _check(date_in_name(name))


@given(
    st.from_regex(r"[A-Za-z_ ]{0,6}[0-9]{4}[-_.]?[0-9]{1,2}[-_.]?[0-9]{1,2}[-_T ]?[0-9.:-]{0,12}.{0,4}", fullmatch=True)
)
def test_names_that_look_like_dates_give_a_plausible_date_or_none(name: str) -> None:
    _check(date_in_name(name))


@given(st.one_of(st.text(), st.binary(), st.from_regex(r"[0-9]{4}[:/-][0-9]{1,2}([:/-][0-9]{1,2})?.{0,12}")))
def test_any_date_of_a_file_is_plausible_or_none(text: str | bytes) -> None:
    _check(dates.parse(text))


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_timestamp_is_plausible_or_none(seconds: float) -> None:
    _check(dates.from_timestamp(seconds))


def _check(date: str | None) -> None:
    if date is not None:
        moment = datetime.fromisoformat(date)
        assert moment.tzinfo is None and moment.microsecond == 0
        assert dates.EARLIEST <= moment <= datetime.now() + timedelta(days=1, seconds=1)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019:07:04 18:30:00", "2019-07-04T18:30:00"),
        (b"2019:07:04 18:30:00\x00", "2019-07-04T18:30:00"),
        ("2019-07-04T18:30:00.123+02:00", "2019-07-04T18:30:00"),
        ("2019-07-04T18:30Z", "2019-07-04T18:30:00"),
        ("2019/07/04 18:30", "2019-07-04T18:30:00"),
        ("2019:7:4 8:3:0", "2019-07-04T08:03:00"),
        ("2019-07", "2019-07-01T00:00:00"),
        ("2019", "2019-01-01T00:00:00"),
        ("20190704", "2019-07-04T00:00:00"),
        ("20190704T183000", "2019-07-04T18:30:00"),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("1970:01:01 00:00:00", None),
        ("2019:02:30 10:00:00", None),
        ("3019:02:03 10:00:00", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_dates_as_files_write_them(text: object, date: str | None) -> None:
    assert dates.parse(text) == date
