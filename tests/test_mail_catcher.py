"""The demo's mail catcher, with real SMTP."""

import smtplib
import subprocess
import sys
import time

from tools import project


def test_mail_is_kept_as_a_file(tmp_path):
    catcher = subprocess.Popen(
        [sys.executable, "-m", "tools.mail_catcher", tmp_path],
        cwd=project.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with smtplib.SMTP("127.0.0.1", int(catcher.stdout.readline())) as smtp:
            smtp.sendmail("from@example.com", ["to@example.com"], "Subject: Überfällig\n\n1,00 €\n".encode())
        (kept,) = tmp_path.glob("*.eml")
        assert "1,00 €" in kept.read_text()
    finally:
        catcher.kill()
        catcher.communicate()


def test_catcher_ends_with_the_one_who_started_it(tmp_path):
    starter = subprocess.Popen(
        ["bash", "-c", f"{sys.executable} -m tools.mail_catcher {tmp_path} & echo $!; read -r _"],
        cwd=project.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    catcher = int(starter.stdout.readline())
    assert int(starter.stdout.readline()) > 0
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 30
    while _alive(catcher) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(catcher)
    starter.communicate()


def _alive(number):
    try:
        with open(f"/proc/{number}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
