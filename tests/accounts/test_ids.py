"""Public ids: TypeIDs over UUIDv7, spelled in exactly one way."""

import threading
import time
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as some

from accounts import ids


def test_an_id_is_its_prefix_and_26_characters():
    # The example of the TypeID specification.
    value = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert ids.encode("prefix", value) == "prefix_01h455vb4pex5vsknk084sn02q"
    assert ids.decode("prefix", "prefix_01h455vb4pex5vsknk084sn02q") == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0" * 26), (1, "0" * 25 + "1"), (2**128 - 1, "7" + "z" * 25)],
)
def test_the_whole_range_is_spelled(value, text):
    assert ids.encode("x", UUID(int=value)) == f"x_{text}"
    assert ids.decode("x", f"x_{text}") == UUID(int=value)


@given(some.uuids(), some.sampled_from(["key", "org", "a_b"]))
def test_what_is_encoded_is_decoded(value, prefix):
    assert ids.decode(prefix, ids.encode(prefix, value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        "key_",
        "_01h455vb4pex5vsknk084sn02q",
        "01h455vb4pex5vsknk084sn02q",
        "usr_01h455vb4pex5vsknk084sn02q",
        "KEY_01h455vb4pex5vsknk084sn02q",
        "key_01H455VB4PEX5VSKNK084SN02Q",
        "key_01h455vb4pex5vsknk084sn02",
        "key_01h455vb4pex5vsknk084sn02qq",
        "key_81h455vb4pex5vsknk084sn02q",
        "key_z1h455vb4pex5vsknk084sn02q",
        "key_01h455vb4pex5vsknk084sn02i",
        "key_01h455vb4pex5vsknk084sn02o",
        "key_01h455vb4pex5vsknk084sn02u",
        "key_01h455vb4pex5vsknk084sn02-",
        "key_01h455vb4pex5vsknk084sn02\u0662",
        "key_01h455vb4pex5vsknk084sn02q\n",
        " key_01h455vb4pex5vsknk084sn02q",
        "key__1h455vb4pex5vsknk084sn02q",
        "key_01890a5d-ac96-774b-bcce-b302",
        "key_\0",
        "key_" + "0" * 10_000,
    ],
)
def test_any_other_spelling_is_no_id(text):
    with pytest.raises(ValueError, match="begins with key_"):
        ids.decode("key", text)


@given(some.text())
def test_any_text_is_an_id_in_its_one_spelling_or_none(text):
    try:
        value = ids.decode("key", text)
    except ValueError:
        return
    assert ids.encode("key", value) == text


def test_a_new_id_is_a_uuid_of_version_7_of_this_moment():
    before = time.time_ns() // 1_000_000
    value = ids.uuid7()
    assert (value.version, value.variant) == (7, uuid4().variant)
    # An earlier test may have moved the clock ahead; ids never go back.
    assert value.int >> 80 >= before


def test_ids_of_one_process_sort_in_the_order_of_their_making():
    made = [ids.uuid7() for _ in range(5_000)]
    assert made == sorted(made)
    texts = [ids.encode("key", value) for value in made]
    assert texts == sorted(texts)


def test_ids_sort_although_the_clock_stands_or_steps_back():
    made = []
    for moment in ("2041-01-01", "2041-01-01", "2040-12-31", "2041-01-01"):
        with time_machine.travel(f"{moment}T00:00:00Z", tick=False):
            made += [ids.uuid7() for _ in range(100)]
    assert made == sorted(set(made))


def test_two_threads_never_make_the_same_id():
    made = []

    def work():
        made.extend([ids.uuid7() for _ in range(2_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({value.int >> 64 for value in made}) == len(made) == 8_000


def test_62_bits_of_an_id_are_random():
    made = {ids.uuid7().int & (1 << 62) - 1 for _ in range(1_000)}
    assert len(made) == 1_000
