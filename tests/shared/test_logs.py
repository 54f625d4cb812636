"""What log records say."""

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from shared.logs import configure_logging
from shared.settings import ServiceSettings
configure_logging("test", ServiceSettings(log_prompts={kept}))
structlog.get_logger("test").info("video accepted", prompt="a secret zebra", video_id="video_1")
"""


@pytest.mark.parametrize("kept", [False, True])
def test_prompts_are_logged_where_that_is_wanted(kept: bool) -> None:
    command = [sys.executable, "-c", PROGRAM.format(kept=kept)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "video_1" in text
    assert ("zebra" in text) == kept
