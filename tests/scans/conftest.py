"""What the tests of scans share."""

from tests.accounts.conftest import crowd as crowd
from tests.accounts.conftest import file_database as file_database
