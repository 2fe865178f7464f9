"""Pictures of every main page, made from a copy of its own that is brought up, filled and thrown away.

make screenshots            writes docs/screenshots
.venv/bin/python -m benchmarks.screenshots --keep FOLDER   keeps every single picture, too
"""

CHROMIUM = "/usr/bin/chromium-headless-shell"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
