"""A process that does nothing until it is killed."""

import signal

signal.pause()
